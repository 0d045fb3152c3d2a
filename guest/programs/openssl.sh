# Digests, ciphers, keys, certificates, and a measurement, of which only the end is shown.
set -e
cd /tmp
seq 1 20000 > data
for d in md5 sha1 sha256 sha3-512 blake2b512; do openssl dgst -$d data; done
openssl enc -aes-256-cbc -pbkdf2 -S 0123456789abcdef -pass pass:secret -in data -out data.aes
openssl dgst -sha256 data.aes
openssl enc -d -aes-256-cbc -pbkdf2 -S 0123456789abcdef -pass pass:secret -in data.aes | cmp - data && echo 'decrypted'
openssl enc -chacha20 -K 00 -iv 00 -in data 2>/dev/null | openssl dgst -sha256
openssl genrsa -out rsa.pem 1024 2>/dev/null
openssl genpkey -algorithm ed25519 -out ed.pem
openssl pkey -in ed.pem -pubout -out ed.pub
openssl pkeyutl -sign -inkey ed.pem -rawin -in data -out data.sig
openssl pkeyutl -verify -pubin -inkey ed.pub -rawin -in data -sigfile data.sig
openssl rsa -in rsa.pem -check -noout
openssl req -x509 -new -key ed.pem -subj /CN=example -days 1 -config /dev/null -out cert.pem 2>/dev/null || echo 'no certificate'
openssl rand -hex 16 | tr -d 'a-f0-9\n' | wc -c
openssl speed -seconds 1 -bytes 1024 -evp sha256 > speed 2>&1 && grep -c 'sha256' speed | sed 's/^[1-9].*/measured/'
