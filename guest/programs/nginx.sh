# nginx with three workers, and curl, by Unix sockets: a machine has no network.
mkdir -p /tmp/www /tmp/nginx && cd /tmp/nginx || exit
echo hello > /tmp/www/index.html
seq 100000 > /tmp/www/numbers
cat > conf <<'END'
user root root;
worker_processes 3;
pid pid;
error_log errors;
events {}
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy;
    fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    sendfile on;
    default_type text/plain;
    server { listen unix:front; root /tmp/www; location /behind/ { proxy_pass http://unix:/tmp/nginx/back:/; } }
    server { listen unix:back; root /tmp/www; gzip on; }
}
END
get() { curl --silent --unix-socket "$@"; }
nginx -e errors -c /tmp/nginx/conf -p /tmp/nginx; echo "started: $?"
get front http://x/
get front http://x/numbers | cksum
get back --compressed http://x/numbers | cksum
get front http://x/behind/numbers | cksum
get front --range 100-120 http://x/numbers
get front --output /dev/null --write-out '%{http_code} %{content_type}\n' http://x/none
for i in $(seq 12); do get front http://x/numbers | cksum & done | sort | uniq -c
wait

# New workers serve what the file says now, without a pause.
sed -i 's/default_type text.plain/default_type text\/x-new/' conf
kill -HUP "$(cat pid)"
until [ "$(get front --output /dev/null --write-out '%{content_type}' http://x/)" = text/html ] &&
      [ "$(get front --output /dev/null --write-out '%{content_type}' http://x/numbers)" = text/x-new ]; do :; done
get front http://x/
kill -QUIT "$(cat pid)"
while [ -e pid ]; do :; done
ls
