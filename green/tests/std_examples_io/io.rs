//! Examples of the documentation of std 1.95 for `std::io`, with the imports changed and nothing else.
//! Each is a function here because one test binary is cheaper to link than a hundred. Those that std only compiles are only compiled.

fn mod_index_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let mut f = File::open("foo.txt")?;
        let mut buffer = [0; 10];

        // read up to 10 bytes
        let n = f.read(&mut buffer)?;

        println!("The bytes: {:?}", &buffer[..n]);
        Ok(())
    }
}

fn mod_index_2() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::SeekFrom;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let mut f = File::open("foo.txt")?;
        let mut buffer = [0; 10];

        // skip to the last 10 bytes of the file
        f.seek(SeekFrom::End(-10))?;

        // read up to 10 bytes
        let n = f.read(&mut buffer)?;

        println!("The bytes: {:?}", &buffer[..n]);
        Ok(())
    }
}

fn mod_index_3() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::BufReader;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let f = File::open("foo.txt")?;
        let mut reader = BufReader::new(f);
        let mut buffer = String::new();

        // read a line into buffer
        reader.read_line(&mut buffer)?;

        println!("{buffer}");
        Ok(())
    }
}

fn mod_index_4() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::BufWriter;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let f = File::create("foo.txt")?;
        {
            let mut writer = BufWriter::new(f);

            // write a byte to the buffer
            writer.write(&[42])?;
        } // the buffer is flushed once writer goes out of scope

        Ok(())
    }
}

fn mod_index_5() {
    use threadbare::io;

    fn main() -> io::Result<()> {
        let mut input = String::new();

        io::stdin().read_line(&mut input)?;

        println!("You typed: {}", input.trim());
        Ok(())
    }
}

fn mod_index_6() {
    use threadbare::io;

    let mut input = String::new();

    io::stdin().read_line(&mut input).unwrap();
}

fn mod_index_7() {
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        io::stdout().write(&[42])?;
        Ok(())
    }
}

fn mod_index_8() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::BufReader;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let f = File::open("foo.txt")?;
        let reader = BufReader::new(f);

        for line in reader.lines() {
            println!("{}", line?);
        }
        Ok(())
    }
}

fn mod_index_9() {
    use threadbare::io;

    fn main() -> io::Result<()> {
        io::copy(&mut io::stdin(), &mut io::stdout())?;
        Ok(())
    }
}

#[test]
fn mod_index_10() {
    super::in_a_green_thread(|| {
        use threadbare::io;

        fn read_input() -> io::Result<()> {
            let mut input = String::new();

            io::stdin().read_line(&mut input)?;

            println!("You typed: {}", input.trim());

            Ok(())
        }
    });
}

fn mod_read_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let mut f = File::open("foo.txt")?;
        let mut buffer = [0; 10];

        // read up to 10 bytes
        f.read(&mut buffer)?;

        let mut buffer = Vec::new();
        // read the whole file
        f.read_to_end(&mut buffer)?;

        // read into a String, so that you don't need to do the conversion.
        let mut buffer = String::new();
        f.read_to_string(&mut buffer)?;

        // and more! See the other methods for more details.
        Ok(())
    }
}

fn mod_read_2() {
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let mut b = "This string will be read".as_bytes();
        let mut buffer = [0; 10];

        // read up to 10 bytes
        b.read(&mut buffer)?;

        // etc... it works exactly as a File does!
        Ok(())
    }
}

fn mod_read_read_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let mut f = File::open("foo.txt")?;
        let mut buffer = [0; 10];

        // read up to 10 bytes
        let n = f.read(&mut buffer[..])?;

        println!("The bytes: {:?}", &buffer[..n]);
        Ok(())
    }
}

fn mod_read_read_to_end_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let mut f = File::open("foo.txt")?;
        let mut buffer = Vec::new();

        // read the whole file
        f.read_to_end(&mut buffer)?;
        Ok(())
    }
}

fn mod_read_read_to_end_2() {
    use threadbare::io::{self, BufRead};
    struct Example {
        example_datasource: io::Empty,
    }
    impl Example {
        fn get_some_data_for_the_example(&self) -> &'static [u8] {
            &[]
        }
        fn read_to_end(&mut self, dest_vec: &mut Vec<u8>) -> io::Result<usize> {
            let initial_vec_len = dest_vec.len();
            loop {
                let src_buf = self.example_datasource.fill_buf()?;
                if src_buf.is_empty() {
                    break;
                }
                dest_vec.try_reserve(src_buf.len())?;
                dest_vec.extend_from_slice(src_buf);

                // Any irreversible side effects should happen after `try_reserve` succeeds,
                // to avoid losing data on allocation error.
                let read = src_buf.len();
                self.example_datasource.consume(read);
            }
            Ok(dest_vec.len() - initial_vec_len)
        }
    }
}

fn mod_read_read_to_string_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let mut f = File::open("foo.txt")?;
        let mut buffer = String::new();

        f.read_to_string(&mut buffer)?;
        Ok(())
    }
}

fn mod_read_read_exact_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let mut f = File::open("foo.txt")?;
        let mut buffer = [0; 10];

        // read exactly 10 bytes
        f.read_exact(&mut buffer)?;
        Ok(())
    }
}

fn mod_read_by_ref_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::Read;

    fn main() -> io::Result<()> {
        let mut f = File::open("foo.txt")?;
        let mut buffer = Vec::new();
        let mut other_buffer = Vec::new();

        {
            let reference = f.by_ref();

            // read at most 5 bytes
            reference.take(5).read_to_end(&mut buffer)?;
        } // drop our &mut reference so we can use f again

        // original file still usable, read the rest
        f.read_to_end(&mut other_buffer)?;
        Ok(())
    }
}

fn mod_read_bytes_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::BufReader;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let f = BufReader::new(File::open("foo.txt")?);

        for byte in f.bytes() {
            println!("{}", byte?);
        }
        Ok(())
    }
}

fn mod_read_chain_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let f1 = File::open("foo.txt")?;
        let f2 = File::open("bar.txt")?;

        let mut handle = f1.chain(f2);
        let mut buffer = String::new();

        // read the value into a String. We could use any Read method here,
        // this is just one example.
        handle.read_to_string(&mut buffer)?;
        Ok(())
    }
}

fn mod_read_take_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let f = File::open("foo.txt")?;
        let mut buffer = [0; 5];

        // read at most five bytes
        let mut handle = f.take(5);

        handle.read(&mut buffer)?;
        Ok(())
    }
}

fn mod_read_to_string_1() {
    use threadbare::io;
    fn main() -> io::Result<()> {
        let stdin = io::read_to_string(io::stdin())?;
        println!("Stdin was:");
        println!("{stdin}");
        Ok(())
    }
}

#[test]
fn mod_ioslicemut_advance_1() {
    super::in_a_green_thread(|| {
        use std::ops::Deref;
        use threadbare::io::IoSliceMut;

        let mut data = [1; 8];
        let mut buf = IoSliceMut::new(&mut data);

        // Mark 3 bytes as read.
        buf.advance(3);
        assert_eq!(buf.deref(), [1; 5].as_ref());
    });
}

#[test]
fn mod_ioslicemut_advance_slices_1() {
    super::in_a_green_thread(|| {
        use std::ops::Deref;
        use threadbare::io::IoSliceMut;

        let mut buf1 = [1; 8];
        let mut buf2 = [2; 16];
        let mut buf3 = [3; 8];
        let mut bufs = &mut [
            IoSliceMut::new(&mut buf1),
            IoSliceMut::new(&mut buf2),
            IoSliceMut::new(&mut buf3),
        ][..];

        // Mark 10 bytes as read.
        IoSliceMut::advance_slices(&mut bufs, 10);
        assert_eq!(bufs[0].deref(), [2; 14].as_ref());
        assert_eq!(bufs[1].deref(), [3; 8].as_ref());
    });
}

#[test]
fn mod_ioslice_advance_1() {
    super::in_a_green_thread(|| {
        use std::ops::Deref;
        use threadbare::io::IoSlice;

        let data = [1; 8];
        let mut buf = IoSlice::new(&data);

        // Mark 3 bytes as read.
        buf.advance(3);
        assert_eq!(buf.deref(), [1; 5].as_ref());
    });
}

fn mod_write_1() {
    use threadbare::fs::File;
    use threadbare::io::prelude::*;

    fn main() -> threadbare::io::Result<()> {
        let data = b"some bytes";

        let mut pos = 0;
        let mut buffer = File::create("foo.txt")?;

        while pos < data.len() {
            let bytes_written = buffer.write(&data[pos..])?;
            pos += bytes_written;
        }
        Ok(())
    }
}

fn mod_write_write_1() {
    use threadbare::fs::File;
    use threadbare::io::prelude::*;

    fn main() -> threadbare::io::Result<()> {
        let mut buffer = File::create("foo.txt")?;

        // Writes some prefix of the byte string, not necessarily all of it.
        buffer.write(b"some bytes")?;
        Ok(())
    }
}

fn mod_write_write_vectored_1() {
    use threadbare::fs::File;
    use threadbare::io::IoSlice;
    use threadbare::io::prelude::*;

    fn main() -> threadbare::io::Result<()> {
        let data1 = [1; 8];
        let data2 = [15; 8];
        let io_slice1 = IoSlice::new(&data1);
        let io_slice2 = IoSlice::new(&data2);

        let mut buffer = File::create("foo.txt")?;

        // Writes some prefix of the byte string, not necessarily all of it.
        buffer.write_vectored(&[io_slice1, io_slice2])?;
        Ok(())
    }
}

fn mod_write_flush_1() {
    use threadbare::fs::File;
    use threadbare::io::BufWriter;
    use threadbare::io::prelude::*;

    fn main() -> threadbare::io::Result<()> {
        let mut buffer = BufWriter::new(File::create("foo.txt")?);

        buffer.write_all(b"some bytes")?;
        buffer.flush()?;
        Ok(())
    }
}

fn mod_write_write_all_1() {
    use threadbare::fs::File;
    use threadbare::io::prelude::*;

    fn main() -> threadbare::io::Result<()> {
        let mut buffer = File::create("foo.txt")?;

        buffer.write_all(b"some bytes")?;
        Ok(())
    }
}

fn mod_write_write_fmt_1() {
    use threadbare::fs::File;
    use threadbare::io::prelude::*;

    fn main() -> threadbare::io::Result<()> {
        let mut buffer = File::create("foo.txt")?;

        // this call
        write!(buffer, "{:.*}", 2, 1.234567)?;
        // turns into this:
        buffer.write_fmt(format_args!("{:.*}", 2, 1.234567))?;
        Ok(())
    }
}

fn mod_write_by_ref_1() {
    use threadbare::fs::File;
    use threadbare::io::Write;

    fn main() -> threadbare::io::Result<()> {
        let mut buffer = File::create("foo.txt")?;

        let reference = buffer.by_ref();

        // we can use reference just like our original buffer
        reference.write_all(b"some bytes")?;
        Ok(())
    }
}

fn mod_seek_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::SeekFrom;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let mut f = File::open("foo.txt")?;

        // move the cursor 42 bytes from the start of the file
        f.seek(SeekFrom::Start(42))?;
        Ok(())
    }
}

fn mod_seek_rewind_1() {
    let run = || {
        use threadbare::fs::OpenOptions;
        use threadbare::io::{Read, Seek, Write};

        let mut f = OpenOptions::new()
            .write(true)
            .read(true)
            .create(true)
            .open("foo.txt")?;

        let hello = "Hello!\n";
        write!(f, "{hello}")?;
        f.rewind()?;

        let mut buf = String::new();
        f.read_to_string(&mut buf)?;
        assert_eq!(&buf, hello);
        threadbare::io::Result::Ok(())
    };
    let _ = run;
}

fn mod_seek_stream_position_1() {
    use std::{
        fs::File,
        io::{self, BufRead, BufReader, Seek},
    };

    fn main() -> io::Result<()> {
        let mut f = BufReader::new(File::open("foo.txt")?);

        let before = f.stream_position()?;
        f.read_line(&mut String::new())?;
        let after = f.stream_position()?;

        println!("The first line was {} bytes long", after - before);
        Ok(())
    }
}

fn mod_seek_seek_relative_1() {
    use std::{
        fs::File,
        io::{self, Seek},
    };

    fn main() -> io::Result<()> {
        let mut f = File::open("foo.txt")?;
        f.seek_relative(10)?;
        assert_eq!(f.stream_position()?, 10);
        Ok(())
    }
}

fn mod_bufread_1() {
    let run = || {
        use threadbare::io;
        use threadbare::io::prelude::*;

        let stdin = io::stdin();
        for line in stdin.lock().lines() {
            println!("{}", line?);
        }
        threadbare::io::Result::Ok(())
    };
    let _ = run;
}

fn mod_bufread_2() {
    use threadbare::fs::File;
    use threadbare::io::prelude::*;
    use threadbare::io::{self, BufReader};

    fn main() -> io::Result<()> {
        let f = File::open("foo.txt")?;
        let f = BufReader::new(f);

        for line in f.lines() {
            let line = line?;
            println!("{line}");
        }

        Ok(())
    }
}

fn mod_bufread_fill_buf_1() {
    let run = || {
        use threadbare::io;
        use threadbare::io::prelude::*;

        let stdin = io::stdin();
        let mut stdin = stdin.lock();

        let buffer = stdin.fill_buf()?;

        // work with buffer
        println!("{buffer:?}");

        // mark the bytes we worked with as read
        let length = buffer.len();
        stdin.consume(length);
        threadbare::io::Result::Ok(())
    };
    let _ = run;
}

#[test]
fn mod_bufread_read_until_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{self, BufRead};

        let mut cursor = io::Cursor::new(b"lorem-ipsum");
        let mut buf = vec![];

        // cursor is at 'l'
        let num_bytes = cursor
            .read_until(b'-', &mut buf)
            .expect("reading from cursor won't fail");
        assert_eq!(num_bytes, 6);
        assert_eq!(buf, b"lorem-");
        buf.clear();

        // cursor is at 'i'
        let num_bytes = cursor
            .read_until(b'-', &mut buf)
            .expect("reading from cursor won't fail");
        assert_eq!(num_bytes, 5);
        assert_eq!(buf, b"ipsum");
        buf.clear();

        // cursor is at EOF
        let num_bytes = cursor
            .read_until(b'-', &mut buf)
            .expect("reading from cursor won't fail");
        assert_eq!(num_bytes, 0);
        assert_eq!(buf, b"");
    });
}

#[test]
fn mod_bufread_skip_until_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{self, BufRead};

        let mut cursor = io::Cursor::new(b"Ferris\0Likes long walks on the beach\0Crustacean\0!");

        // read name
        let mut name = Vec::new();
        let num_bytes = cursor
            .read_until(b'\0', &mut name)
            .expect("reading from cursor won't fail");
        assert_eq!(num_bytes, 7);
        assert_eq!(name, b"Ferris\0");

        // skip fun fact
        let num_bytes = cursor.skip_until(b'\0').expect("reading from cursor won't fail");
        assert_eq!(num_bytes, 30);

        // read animal type
        let mut animal = Vec::new();
        let num_bytes = cursor
            .read_until(b'\0', &mut animal)
            .expect("reading from cursor won't fail");
        assert_eq!(num_bytes, 11);
        assert_eq!(animal, b"Crustacean\0");

        // reach EOF
        let num_bytes = cursor.skip_until(b'\0').expect("reading from cursor won't fail");
        assert_eq!(num_bytes, 1);
    });
}

#[test]
fn mod_bufread_read_line_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{self, BufRead};

        let mut cursor = io::Cursor::new(b"foo\nbar");
        let mut buf = String::new();

        // cursor is at 'f'
        let num_bytes = cursor
            .read_line(&mut buf)
            .expect("reading from cursor won't fail");
        assert_eq!(num_bytes, 4);
        assert_eq!(buf, "foo\n");
        buf.clear();

        // cursor is at 'b'
        let num_bytes = cursor
            .read_line(&mut buf)
            .expect("reading from cursor won't fail");
        assert_eq!(num_bytes, 3);
        assert_eq!(buf, "bar");
        buf.clear();

        // cursor is at EOF
        let num_bytes = cursor
            .read_line(&mut buf)
            .expect("reading from cursor won't fail");
        assert_eq!(num_bytes, 0);
        assert_eq!(buf, "");
    });
}

#[test]
fn mod_bufread_split_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{self, BufRead};

        let cursor = io::Cursor::new(b"lorem-ipsum-dolor");

        let mut split_iter = cursor.split(b'-').map(|l| l.unwrap());
        assert_eq!(split_iter.next(), Some(b"lorem".to_vec()));
        assert_eq!(split_iter.next(), Some(b"ipsum".to_vec()));
        assert_eq!(split_iter.next(), Some(b"dolor".to_vec()));
        assert_eq!(split_iter.next(), None);
    });
}

#[test]
fn mod_bufread_lines_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{self, BufRead};

        let cursor = io::Cursor::new(b"lorem\nipsum\r\ndolor");

        let mut lines_iter = cursor.lines().map(|l| l.unwrap());
        assert_eq!(lines_iter.next(), Some(String::from("lorem")));
        assert_eq!(lines_iter.next(), Some(String::from("ipsum")));
        assert_eq!(lines_iter.next(), Some(String::from("dolor")));
        assert_eq!(lines_iter.next(), None);
    });
}

fn mod_chain_into_inner_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let mut foo_file = File::open("foo.txt")?;
        let mut bar_file = File::open("bar.txt")?;

        let chain = foo_file.chain(bar_file);
        let (foo_file, bar_file) = chain.into_inner();
        Ok(())
    }
}

fn mod_chain_get_ref_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let mut foo_file = File::open("foo.txt")?;
        let mut bar_file = File::open("bar.txt")?;

        let chain = foo_file.chain(bar_file);
        let (foo_file, bar_file) = chain.get_ref();
        Ok(())
    }
}

fn mod_chain_get_mut_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let mut foo_file = File::open("foo.txt")?;
        let mut bar_file = File::open("bar.txt")?;

        let mut chain = foo_file.chain(bar_file);
        let (foo_file, bar_file) = chain.get_mut();
        Ok(())
    }
}

fn mod_take_limit_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let f = File::open("foo.txt")?;

        // read at most five bytes
        let handle = f.take(5);

        println!("limit: {}", handle.limit());
        Ok(())
    }
}

fn mod_take_set_limit_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let f = File::open("foo.txt")?;

        // read at most five bytes
        let mut handle = f.take(5);
        handle.set_limit(10);

        assert_eq!(handle.limit(), 10);
        Ok(())
    }
}

fn mod_take_into_inner_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let mut file = File::open("foo.txt")?;

        let mut buffer = [0; 5];
        let mut handle = file.take(5);
        handle.read(&mut buffer)?;

        let file = handle.into_inner();
        Ok(())
    }
}

fn mod_take_get_ref_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let mut file = File::open("foo.txt")?;

        let mut buffer = [0; 5];
        let mut handle = file.take(5);
        handle.read(&mut buffer)?;

        let file = handle.get_ref();
        Ok(())
    }
}

fn mod_take_get_mut_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::io::prelude::*;

    fn main() -> io::Result<()> {
        let mut file = File::open("foo.txt")?;

        let mut buffer = [0; 5];
        let mut handle = file.take(5);
        handle.read(&mut buffer)?;

        let file = handle.get_mut();
        Ok(())
    }
}

#[test]
fn prelude_index_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::prelude::*;
    });
}

fn cursor_cursor_1() {
    use threadbare::fs::File;
    use threadbare::io::prelude::*;
    use threadbare::io::{self, SeekFrom};

    // a library function we've written
    fn write_ten_bytes_at_end<W: Write + Seek>(mut writer: W) -> io::Result<()> {
        writer.seek(SeekFrom::End(-10))?;

        for i in 0..10 {
            writer.write(&[i])?;
        }

        // all went well
        Ok(())
    }

    fn foo() -> io::Result<()> {
        // Here's some code that uses this library function.
        //
        // We might want to use a BufReader here for efficiency, but let's
        // keep this example focused.
        let mut file = File::create("foo.txt")?;
        // First, we need to allocate 10 bytes to be able to write into.
        file.set_len(10)?;

        write_ten_bytes_at_end(&mut file)?;
        Ok(())
    }

    // now let's write a test
    #[test]
    fn test_writes_bytes() {
        // setting up a real File is much slower than an in-memory buffer,
        // let's use a cursor instead
        use threadbare::io::Cursor;
        let mut buff = Cursor::new(vec![0; 15]);

        write_ten_bytes_at_end(&mut buff).unwrap();

        assert_eq!(&buff.get_ref()[5..15], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
}

#[test]
fn cursor_cursor_new_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::Cursor;

        let buff = Cursor::new(Vec::new());
        fn force_inference(_: &Cursor<Vec<u8>>) {}
        force_inference(&buff);
    });
}

#[test]
fn cursor_cursor_into_inner_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::Cursor;

        let buff = Cursor::new(Vec::new());
        fn force_inference(_: &Cursor<Vec<u8>>) {}
        force_inference(&buff);

        let vec = buff.into_inner();
    });
}

#[test]
fn cursor_cursor_get_ref_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::Cursor;

        let buff = Cursor::new(Vec::new());
        fn force_inference(_: &Cursor<Vec<u8>>) {}
        force_inference(&buff);

        let reference = buff.get_ref();
    });
}

#[test]
fn cursor_cursor_get_mut_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::Cursor;

        let mut buff = Cursor::new(Vec::new());
        fn force_inference(_: &Cursor<Vec<u8>>) {}
        force_inference(&buff);

        let reference = buff.get_mut();
    });
}

#[test]
fn cursor_cursor_position_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::Cursor;
        use threadbare::io::SeekFrom;
        use threadbare::io::prelude::*;

        let mut buff = Cursor::new(vec![1, 2, 3, 4, 5]);

        assert_eq!(buff.position(), 0);

        buff.seek(SeekFrom::Current(2)).unwrap();
        assert_eq!(buff.position(), 2);

        buff.seek(SeekFrom::Current(-1)).unwrap();
        assert_eq!(buff.position(), 1);
    });
}

#[test]
fn cursor_cursor_set_position_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::Cursor;

        let mut buff = Cursor::new(vec![1, 2, 3, 4, 5]);

        assert_eq!(buff.position(), 0);

        buff.set_position(2);
        assert_eq!(buff.position(), 2);

        buff.set_position(4);
        assert_eq!(buff.position(), 4);
    });
}

#[test]
fn util_empty_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{self, Write};

        let buffer = vec![1, 2, 3, 5, 8];
        let num_bytes = io::empty().write(&buffer).unwrap();
        assert_eq!(num_bytes, 5);
    });
}

#[test]
fn util_empty_2() {
    super::in_a_green_thread(|| {
        use threadbare::io::{self, Read};

        let mut buffer = String::new();
        io::empty().read_to_string(&mut buffer).unwrap();
        assert!(buffer.is_empty());
    });
}

#[test]
fn util_repeat_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{self, Read};

        let mut buffer = [0; 3];
        io::repeat(0b101).read_exact(&mut buffer).unwrap();
        assert_eq!(buffer, [0b101, 0b101, 0b101]);
    });
}

#[test]
fn util_sink_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{self, Write};

        let buffer = vec![1, 2, 3, 5, 8];
        let num_bytes = io::sink().write(&buffer).unwrap();
        assert_eq!(num_bytes, 5);
    });
}

fn stdio_stdin_1() {
    use threadbare::io;

    fn main() -> io::Result<()> {
        let mut buffer = String::new();
        let stdin = io::stdin(); // We get `Stdin` here.
        stdin.read_line(&mut buffer)?;
        Ok(())
    }
}

fn stdio_stdinlock_1() {
    use threadbare::io::{self, BufRead};

    fn main() -> io::Result<()> {
        let mut buffer = String::new();
        let stdin = io::stdin(); // We get `Stdin` here.
        {
            let mut handle = stdin.lock(); // We get `StdinLock` here.
            handle.read_line(&mut buffer)?;
        } // `StdinLock` is dropped here.
        Ok(())
    }
}

fn stdio_stdin_2() {
    use threadbare::io;

    fn main() -> io::Result<()> {
        let mut buffer = String::new();
        io::stdin().read_line(&mut buffer)?;
        Ok(())
    }
}

fn stdio_stdin_3() {
    use threadbare::io::{self, BufRead};

    fn main() -> io::Result<()> {
        let mut buffer = String::new();
        let stdin = io::stdin();
        let mut handle = stdin.lock();

        handle.read_line(&mut buffer)?;
        Ok(())
    }
}

fn stdio_stdin_lock_1() {
    use threadbare::io::{self, BufRead};

    fn main() -> io::Result<()> {
        let mut buffer = String::new();
        let stdin = io::stdin();
        let mut handle = stdin.lock();

        handle.read_line(&mut buffer)?;
        Ok(())
    }
}

fn stdio_stdin_read_line_1() {
    use threadbare::io;

    let mut input = String::new();
    match io::stdin().read_line(&mut input) {
        Ok(n) => {
            println!("{n} bytes read");
            println!("{input}");
        }
        Err(error) => println!("error: {error}"),
    }
}

fn stdio_stdin_lines_1() {
    use threadbare::io;

    let lines = io::stdin().lines();
    for line in lines {
        println!("got a line: {}", line.unwrap());
    }
}

fn stdio_stdout_1() {
    use threadbare::io::{self, Write};

    fn main() -> io::Result<()> {
        io::stdout().write_all(b"hello world")?;

        Ok(())
    }
}

fn stdio_stdout_2() {
    use threadbare::io::{self, Write};

    fn main() -> io::Result<()> {
        let stdout = io::stdout();
        let mut handle = stdout.lock();

        handle.write_all(b"hello world")?;

        Ok(())
    }
}

fn stdio_stdout_3() {
    use threadbare::io::{self, Write};

    fn main() -> io::Result<()> {
        let mut stdout = io::stdout();
        stdout.write_all(b"hello, ")?;
        stdout.flush()?; // Manual flush
        stdout.write_all(b"world!\n")?; // Automatically flushed
        Ok(())
    }
}

fn stdio_stdout_lock_1() {
    use threadbare::io::{self, Write};

    fn main() -> io::Result<()> {
        let mut stdout = io::stdout().lock();

        stdout.write_all(b"hello world")?;

        Ok(())
    }
}

fn stdio_stderr_1() {
    use threadbare::io::{self, Write};

    fn main() -> io::Result<()> {
        io::stderr().write_all(b"hello world")?;

        Ok(())
    }
}

fn stdio_stderr_2() {
    use threadbare::io::{self, Write};

    fn main() -> io::Result<()> {
        let stderr = io::stderr();
        let mut handle = stderr.lock();

        handle.write_all(b"hello world")?;

        Ok(())
    }
}

#[test]
fn stdio_stderr_lock_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{self, Write};

        fn foo() -> io::Result<()> {
            let stderr = io::stderr();
            let mut handle = stderr.lock();

            handle.write_all(b"hello world")?;

            Ok(())
        }
    });
}

fn stdio_isterminal_is_terminal_1() {
    use threadbare::io::{self, IsTerminal, Write};

    fn main() -> io::Result<()> {
        let stdin = io::stdin();

        // Indicate that the user is prompted for input, if this is a terminal.
        if stdin.is_terminal() {
            print!("> ");
            io::stdout().flush()?;
        }

        let mut name = String::new();
        let _ = stdin.read_line(&mut name)?;

        println!("Hello {}", name.trim_end());

        Ok(())
    }
}

fn pipe_pipe_1() {
    #[cfg(miri)]
    fn main() {}
    #[cfg(not(miri))]
    fn main() -> threadbare::io::Result<()> {
        use threadbare::io::{Read, Write, pipe};
        use threadbare::process::Command;
        let (ping_reader, mut ping_writer) = pipe()?;
        let (mut pong_reader, pong_writer) = pipe()?;

        // Spawn a child process that echoes its input.
        let mut echo_command = Command::new("cat");
        echo_command.stdin(ping_reader);
        echo_command.stdout(pong_writer);
        let mut echo_child = echo_command.spawn()?;

        // Send input to the child process. Note that because we're writing all the input before we
        // read any output, this could deadlock if the child's input and output pipe buffers both
        // filled up. Those buffers are usually at least a few KB, so "hello" is fine, but for longer
        // inputs we'd need to read and write at the same time, e.g. using threads.
        ping_writer.write_all(b"hello")?;

        // `cat` exits when it reads EOF from stdin, but that can't happen while any ping writer
        // remains open. We need to drop our ping writer, or read_to_string will deadlock below.
        drop(ping_writer);

        // The pong reader can't report EOF while any pong writer remains open. Our Command object is
        // holding a pong writer, and again read_to_string will deadlock if we don't drop it.
        drop(echo_command);

        let mut buf = String::new();
        // Block until `cat` closes its stdout (a pong writer).
        pong_reader.read_to_string(&mut buf)?;
        assert_eq!(&buf, "hello");

        // At this point we know `cat` has exited, but we still need to wait to clean up the "zombie".
        echo_child.wait()?;
        Ok(())
    }
}

fn pipe_pipereader_try_clone_1() {
    #[cfg(miri)]
    fn main() {}
    #[cfg(not(miri))]
    fn main() -> threadbare::io::Result<()> {
        use threadbare::fs;
        use threadbare::io::{Write, pipe};
        use threadbare::process::Command;
        const NUM_SLOT: u8 = 2;
        const NUM_PROC: u8 = 5;
        const OUTPUT: &str = "work.txt";

        let mut jobs = vec![];
        let (reader, mut writer) = pipe()?;

        // Write NUM_SLOT characters the pipe.
        writer.write_all(&[b'|'; NUM_SLOT as usize])?;

        // Spawn several processes that read a character from the pipe, do some work, then
        // write back to the pipe. When the pipe is empty, the processes block, so only
        // NUM_SLOT processes can be working at any given time.
        for _ in 0..NUM_PROC {
            jobs.push(
                Command::new("bash")
                    .args([
                        "-c",
                        &format!(
                            "read -n 1\n\
                              echo -n 'x' >> '{OUTPUT}'\n\
                              echo -n '|'",
                        ),
                    ])
                    .stdin(reader.try_clone()?)
                    .stdout(writer.try_clone()?)
                    .spawn()?,
            );
        }

        // Wait for all jobs to finish.
        for mut job in jobs {
            job.wait()?;
        }

        // Check our work and clean up.
        let xs = fs::read_to_string(OUTPUT)?;
        fs::remove_file(OUTPUT)?;
        assert_eq!(xs, "x".repeat(NUM_PROC.into()));
        Ok(())
    }
}

fn pipe_pipewriter_try_clone_1() {
    #[cfg(miri)]
    fn main() {}
    #[cfg(not(miri))]
    fn main() -> threadbare::io::Result<()> {
        use threadbare::io::{Read, pipe};
        use threadbare::process::Command;
        let (mut reader, writer) = pipe()?;

        // Spawn a process that writes to stdout and stderr.
        let mut peer = Command::new("bash")
            .args([
                "-c",
                "echo -n foo\n\
                 echo -n bar >&2",
            ])
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .spawn()?;

        // Read and check the result.
        let mut msg = String::new();
        reader.read_to_string(&mut msg)?;
        assert_eq!(&msg, "foobar");

        peer.wait()?;
        Ok(())
    }
}

#[test]
fn copy_copy_1() {
    super::in_a_green_thread(|| {
        use threadbare::io;

        fn main() -> io::Result<()> {
            let mut reader: &[u8] = b"hello";
            let mut writer: Vec<u8> = vec![];

            io::copy(&mut reader, &mut writer)?;

            assert_eq!(&b"hello"[..], &writer[..]);
            Ok(())
        }
        super::finish(main());
    });
}

#[test]
fn error_result_1() {
    super::in_a_green_thread(|| {
        use threadbare::io;

        fn get_string() -> io::Result<String> {
            let mut buffer = String::new();

            io::stdin().read_line(&mut buffer)?;

            Ok(buffer)
        }
    });
}

#[test]
fn error_errorkind_fmt_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::ErrorKind;
        assert_eq!("entity not found", ErrorKind::NotFound.to_string());
    });
}

#[test]
fn error_error_from_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{Error, ErrorKind};

        let not_found = ErrorKind::NotFound;
        let error = Error::from(not_found);
        assert_eq!("entity not found", format!("{error}"));
    });
}

#[test]
fn error_error_new_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{Error, ErrorKind};

        // errors can be created from strings
        let custom_error = Error::new(ErrorKind::Other, "oh no!");

        // errors can also be created from other errors
        let custom_error2 = Error::new(ErrorKind::Interrupted, custom_error);

        // creating an error without payload (and without memory allocation)
        let eof_error = Error::from(ErrorKind::UnexpectedEof);
    });
}

#[test]
fn error_error_other_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::Error;

        // errors can be created from strings
        let custom_error = Error::other("oh no!");

        // errors can also be created from other errors
        let custom_error2 = Error::other(custom_error);
    });
}

#[test]
fn error_error_last_os_error_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::Error;

        let os_error = Error::last_os_error();
        println!("last OS error: {os_error:?}");
    });
}

#[test]
fn error_error_from_raw_os_error_1() {
    super::in_a_green_thread(|| {
        if cfg!(target_os = "linux") {
            use threadbare::io;

            let error = io::Error::from_raw_os_error(22);
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        }
    });
}

#[test]
fn error_error_from_raw_os_error_2() {
    super::in_a_green_thread(|| {
        if cfg!(windows) {
            use threadbare::io;

            let error = io::Error::from_raw_os_error(10022);
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        }
    });
}

#[test]
fn error_error_raw_os_error_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{Error, ErrorKind};

        fn print_os_error(err: &Error) {
            if let Some(raw_os_err) = err.raw_os_error() {
                println!("raw OS error: {raw_os_err:?}");
            } else {
                println!("Not an OS error");
            }
        }

        fn main() {
            // Will print "raw OS error: ...".
            print_os_error(&Error::last_os_error());
            // Will print "Not an OS error".
            print_os_error(&Error::new(ErrorKind::Other, "oh no!"));
        }
        main();
    });
}

#[test]
fn error_error_get_ref_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{Error, ErrorKind};

        fn print_error(err: &Error) {
            if let Some(inner_err) = err.get_ref() {
                println!("Inner error: {inner_err:?}");
            } else {
                println!("No inner error");
            }
        }

        fn main() {
            // Will print "No inner error".
            print_error(&Error::last_os_error());
            // Will print "Inner error: ...".
            print_error(&Error::new(ErrorKind::Other, "oh no!"));
        }
        main();
    });
}

#[test]
fn error_error_get_mut_1() {
    super::in_a_green_thread(|| {
        use std::fmt::Display;
        use std::{error, fmt};
        use threadbare::io::{Error, ErrorKind};

        #[derive(Debug)]
        struct MyError {
            v: String,
        }

        impl MyError {
            fn new() -> MyError {
                MyError {
                    v: "oh no!".to_string(),
                }
            }

            fn change_message(&mut self, new_message: &str) {
                self.v = new_message.to_string();
            }
        }

        impl error::Error for MyError {}

        impl Display for MyError {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "MyError: {}", self.v)
            }
        }

        fn change_error(mut err: Error) -> Error {
            if let Some(inner_err) = err.get_mut() {
                inner_err
                    .downcast_mut::<MyError>()
                    .unwrap()
                    .change_message("I've been changed!");
            }
            err
        }

        fn print_error(err: &Error) {
            if let Some(inner_err) = err.get_ref() {
                println!("Inner error: {inner_err}");
            } else {
                println!("No inner error");
            }
        }

        fn main() {
            // Will print "No inner error".
            print_error(&change_error(Error::last_os_error()));
            // Will print "Inner error: ...".
            print_error(&change_error(Error::new(ErrorKind::Other, MyError::new())));
        }
        main();
    });
}

#[test]
fn error_error_into_inner_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{Error, ErrorKind};

        fn print_error(err: Error) {
            if let Some(inner_err) = err.into_inner() {
                println!("Inner error: {inner_err}");
            } else {
                println!("No inner error");
            }
        }

        fn main() {
            // Will print "No inner error".
            print_error(Error::last_os_error());
            // Will print "Inner error: ...".
            print_error(Error::new(ErrorKind::Other, "oh no!"));
        }
        main();
    });
}

#[test]
fn error_error_downcast_1() {
    super::in_a_green_thread(|| {
        use std::error::Error;
        use std::fmt;
        use threadbare::io;

        #[derive(Debug)]
        enum E {
            Io(io::Error),
            SomeOtherVariant,
        }

        impl fmt::Display for E {
            // ...
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                todo!()
            }
        }
        impl Error for E {}

        impl From<io::Error> for E {
            fn from(err: io::Error) -> E {
                err.downcast::<E>().unwrap_or_else(E::Io)
            }
        }

        impl From<E> for io::Error {
            fn from(err: E) -> io::Error {
                match err {
                    E::Io(io_error) => io_error,
                    e => io::Error::new(io::ErrorKind::Other, e),
                }
            }
        }

        fn main() {
            let e = E::SomeOtherVariant;
            // Convert it to an io::Error
            let io_error = io::Error::from(e);
            // Cast it back to the original variant
            let e = E::from(io_error);
            assert!(matches!(e, E::SomeOtherVariant));

            let io_error = io::Error::from(io::ErrorKind::AlreadyExists);
            // Convert it to E
            let e = E::from(io_error);
            // Cast it back to the original variant
            let io_error = io::Error::from(e);
            assert_eq!(io_error.kind(), io::ErrorKind::AlreadyExists);
            assert!(io_error.get_ref().is_none());
            assert!(io_error.raw_os_error().is_none());
        }
        main();
    });
}

#[test]
fn error_error_kind_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{Error, ErrorKind};

        fn print_error(err: Error) {
            println!("{:?}", err.kind());
        }

        fn main() {
            // As no error has (visibly) occurred, this may print anything!
            // It likely prints a placeholder for unidentified (non-)errors.
            print_error(Error::last_os_error());
            // Will print "AddrInUse".
            print_error(Error::new(ErrorKind::AddrInUse, "oh no!"));
        }
        main();
    });
}

fn mod_intoinnererror_1() {
    use threadbare::io::BufWriter;
    use threadbare::net::TcpStream;

    let mut stream = BufWriter::new(TcpStream::connect("127.0.0.1:34254").unwrap());

    // do stuff with the stream

    // we want to get our `TcpStream` back, so let's try:

    let stream = match stream.into_inner() {
        Ok(s) => s,
        Err(e) => {
            // Here, e is an IntoInnerError
            panic!("An error occurred");
        }
    };
}

fn mod_intoinnererror_error_1() {
    use threadbare::io::BufWriter;
    use threadbare::net::TcpStream;

    let mut stream = BufWriter::new(TcpStream::connect("127.0.0.1:34254").unwrap());

    // do stuff with the stream

    // we want to get our `TcpStream` back, so let's try:

    let stream = match stream.into_inner() {
        Ok(s) => s,
        Err(e) => {
            // Here, e is an IntoInnerError, let's log the inner error.
            //
            // We'll just 'log' to stdout for this example.
            println!("{}", e.error());

            panic!("An unexpected error occurred.");
        }
    };
}

fn mod_intoinnererror_into_inner_1() {
    use threadbare::io::BufWriter;
    use threadbare::net::TcpStream;

    let mut stream = BufWriter::new(TcpStream::connect("127.0.0.1:34254").unwrap());

    // do stuff with the stream

    // we want to get our `TcpStream` back, so let's try:

    let stream = match stream.into_inner() {
        Ok(s) => s,
        Err(e) => {
            // Here, e is an IntoInnerError, let's re-examine the buffer:
            let buffer = e.into_inner();

            // do stuff to try to recover

            // afterwards, let's just return the stream
            buffer.into_inner().unwrap()
        }
    };
}

#[test]
fn mod_intoinnererror_into_error_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{BufWriter, ErrorKind, Write};

        let mut not_enough_space = [0u8; 10];
        let mut stream = BufWriter::new(not_enough_space.as_mut());
        write!(stream, "this cannot be actually written").unwrap();
        let into_inner_err = stream.into_inner().expect_err("now we discover it's too small");
        let err = into_inner_err.into_error();
        assert_eq!(err.kind(), ErrorKind::WriteZero);
    });
}

#[test]
fn mod_intoinnererror_into_parts_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{BufWriter, ErrorKind, Write};

        let mut not_enough_space = [0u8; 10];
        let mut stream = BufWriter::new(not_enough_space.as_mut());
        write!(stream, "this cannot be actually written").unwrap();
        let into_inner_err = stream.into_inner().expect_err("now we discover it's too small");
        let (err, recovered_writer) = into_inner_err.into_parts();
        assert_eq!(err.kind(), ErrorKind::WriteZero);
        assert_eq!(recovered_writer.buffer(), b"t be actually written");
    });
}

fn bufreader_bufreader_1() {
    use threadbare::fs::File;
    use threadbare::io::BufReader;
    use threadbare::io::prelude::*;

    fn main() -> threadbare::io::Result<()> {
        let f = File::open("log.txt")?;
        let mut reader = BufReader::new(f);

        let mut line = String::new();
        let len = reader.read_line(&mut line)?;
        println!("First line is {len} bytes long");
        Ok(())
    }
}

fn bufreader_bufreader_new_1() {
    use threadbare::fs::File;
    use threadbare::io::BufReader;

    fn main() -> threadbare::io::Result<()> {
        let f = File::open("log.txt")?;
        let reader = BufReader::new(f);
        Ok(())
    }
}

fn bufreader_bufreader_with_capacity_1() {
    use threadbare::fs::File;
    use threadbare::io::BufReader;

    fn main() -> threadbare::io::Result<()> {
        let f = File::open("log.txt")?;
        let reader = BufReader::with_capacity(10, f);
        Ok(())
    }
}

fn bufreader_bufreader_get_ref_1() {
    use threadbare::fs::File;
    use threadbare::io::BufReader;

    fn main() -> threadbare::io::Result<()> {
        let f1 = File::open("log.txt")?;
        let reader = BufReader::new(f1);

        let f2 = reader.get_ref();
        Ok(())
    }
}

fn bufreader_bufreader_get_mut_1() {
    use threadbare::fs::File;
    use threadbare::io::BufReader;

    fn main() -> threadbare::io::Result<()> {
        let f1 = File::open("log.txt")?;
        let mut reader = BufReader::new(f1);

        let f2 = reader.get_mut();
        Ok(())
    }
}

fn bufreader_bufreader_buffer_1() {
    use threadbare::fs::File;
    use threadbare::io::{BufRead, BufReader};

    fn main() -> threadbare::io::Result<()> {
        let f = File::open("log.txt")?;
        let mut reader = BufReader::new(f);
        assert!(reader.buffer().is_empty());

        if reader.fill_buf()?.len() > 0 {
            assert!(!reader.buffer().is_empty());
        }
        Ok(())
    }
}

fn bufreader_bufreader_capacity_1() {
    use threadbare::fs::File;
    use threadbare::io::{BufRead, BufReader};

    fn main() -> threadbare::io::Result<()> {
        let f = File::open("log.txt")?;
        let mut reader = BufReader::new(f);

        let capacity = reader.capacity();
        let buffer = reader.fill_buf()?;
        assert!(buffer.len() <= capacity);
        Ok(())
    }
}

fn bufreader_bufreader_into_inner_1() {
    use threadbare::fs::File;
    use threadbare::io::BufReader;

    fn main() -> threadbare::io::Result<()> {
        let f1 = File::open("log.txt")?;
        let reader = BufReader::new(f1);

        let f2 = reader.into_inner();
        Ok(())
    }
}

fn bufreader_bufreader_stream_position_1() {
    use std::{
        fs::File,
        io::{self, BufRead, BufReader, Seek},
    };

    fn main() -> io::Result<()> {
        let mut f = BufReader::new(File::open("foo.txt")?);

        let before = f.stream_position()?;
        f.read_line(&mut String::new())?;
        let after = f.stream_position()?;

        println!("The first line was {} bytes long", after - before);
        Ok(())
    }
}

fn bufwriter_bufwriter_1() {
    use threadbare::io::prelude::*;
    use threadbare::net::TcpStream;

    let mut stream = TcpStream::connect("127.0.0.1:34254").unwrap();

    for i in 0..10 {
        stream.write(&[i + 1]).unwrap();
    }
}

fn bufwriter_bufwriter_2() {
    use threadbare::io::BufWriter;
    use threadbare::io::prelude::*;
    use threadbare::net::TcpStream;

    let mut stream = BufWriter::new(TcpStream::connect("127.0.0.1:34254").unwrap());

    for i in 0..10 {
        stream.write(&[i + 1]).unwrap();
    }
    stream.flush().unwrap();
}

fn bufwriter_bufwriter_new_1() {
    use threadbare::io::BufWriter;
    use threadbare::net::TcpStream;

    let mut buffer = BufWriter::new(TcpStream::connect("127.0.0.1:34254").unwrap());
}

fn bufwriter_bufwriter_with_capacity_1() {
    use threadbare::io::BufWriter;
    use threadbare::net::TcpStream;

    let stream = TcpStream::connect("127.0.0.1:34254").unwrap();
    let mut buffer = BufWriter::with_capacity(100, stream);
}

fn bufwriter_bufwriter_into_inner_1() {
    use threadbare::io::BufWriter;
    use threadbare::net::TcpStream;

    let mut buffer = BufWriter::new(TcpStream::connect("127.0.0.1:34254").unwrap());

    // unwrap the TcpStream and flush the buffer
    let stream = buffer.into_inner().unwrap();
}

#[test]
fn bufwriter_bufwriter_into_parts_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::{BufWriter, Write};

        let mut buffer = [0u8; 10];
        let mut stream = BufWriter::new(buffer.as_mut());
        write!(stream, "too much data").unwrap();
        stream.flush().expect_err("it doesn't fit");
        let (recovered_writer, buffered_data) = stream.into_parts();
        assert_eq!(recovered_writer.len(), 0);
        assert_eq!(&buffered_data.unwrap(), b"ata");
    });
}

fn bufwriter_bufwriter_get_ref_1() {
    use threadbare::io::BufWriter;
    use threadbare::net::TcpStream;

    let mut buffer = BufWriter::new(TcpStream::connect("127.0.0.1:34254").unwrap());

    // we can use reference just like buffer
    let reference = buffer.get_ref();
}

fn bufwriter_bufwriter_get_mut_1() {
    use threadbare::io::BufWriter;
    use threadbare::net::TcpStream;

    let mut buffer = BufWriter::new(TcpStream::connect("127.0.0.1:34254").unwrap());

    // we can use reference just like buffer
    let reference = buffer.get_mut();
}

fn bufwriter_bufwriter_buffer_1() {
    use threadbare::io::BufWriter;
    use threadbare::net::TcpStream;

    let buf_writer = BufWriter::new(TcpStream::connect("127.0.0.1:34254").unwrap());

    // See how many bytes are currently buffered
    let bytes_buffered = buf_writer.buffer().len();
}

fn bufwriter_bufwriter_capacity_1() {
    use threadbare::io::BufWriter;
    use threadbare::net::TcpStream;

    let buf_writer = BufWriter::new(TcpStream::connect("127.0.0.1:34254").unwrap());

    // Check the capacity of the inner buffer
    let capacity = buf_writer.capacity();
    // Calculate how many bytes can be written without flushing
    let without_flush = capacity - buf_writer.buffer().len();
}

#[test]
fn bufwriter_writerpanicked_1() {
    super::in_a_green_thread(|| {
        use std::panic::{AssertUnwindSafe, catch_unwind};
        use threadbare::io::{self, BufWriter, Write};

        struct PanickingWriter;
        impl Write for PanickingWriter {
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                panic!()
            }
            fn flush(&mut self) -> io::Result<()> {
                panic!()
            }
        }

        let mut stream = BufWriter::new(PanickingWriter);
        write!(stream, "some data").unwrap();
        let result = catch_unwind(AssertUnwindSafe(|| stream.flush().unwrap()));
        assert!(result.is_err());
        let (recovered_writer, buffered_data) = stream.into_parts();
        assert!(matches!(recovered_writer, PanickingWriter));
        assert_eq!(buffered_data.unwrap_err().into_inner(), b"some data");
    });
}

fn linewriter_linewriter_1() {
    use threadbare::fs::{self, File};
    use threadbare::io::LineWriter;
    use threadbare::io::prelude::*;

    fn main() -> threadbare::io::Result<()> {
        let road_not_taken = b"I shall be telling this with a sigh
        Somewhere ages and ages hence:
        Two roads diverged in a wood, and I -
        I took the one less traveled by,
        And that has made all the difference.";

        let file = File::create("poem.txt")?;
        let mut file = LineWriter::new(file);

        file.write_all(b"I shall be telling this with a sigh")?;

        // No bytes are written until a newline is encountered (or
        // the internal buffer is filled).
        assert_eq!(fs::read_to_string("poem.txt")?, "");
        file.write_all(b"\n")?;
        assert_eq!(
            fs::read_to_string("poem.txt")?,
            "I shall be telling this with a sigh\n",
        );

        // Write the rest of the poem.
        file.write_all(
            b"Somewhere ages and ages hence:
        Two roads diverged in a wood, and I -
        I took the one less traveled by,
        And that has made all the difference.",
        )?;

        // The last line of the poem doesn't end in a newline, so
        // we have to flush or drop the `LineWriter` to finish
        // writing.
        file.flush()?;

        // Confirm the whole poem was written.
        assert_eq!(fs::read("poem.txt")?, &road_not_taken[..]);
        Ok(())
    }
}

fn linewriter_linewriter_new_1() {
    use threadbare::fs::File;
    use threadbare::io::LineWriter;

    fn main() -> threadbare::io::Result<()> {
        let file = File::create("poem.txt")?;
        let file = LineWriter::new(file);
        Ok(())
    }
}

fn linewriter_linewriter_with_capacity_1() {
    use threadbare::fs::File;
    use threadbare::io::LineWriter;

    fn main() -> threadbare::io::Result<()> {
        let file = File::create("poem.txt")?;
        let file = LineWriter::with_capacity(100, file);
        Ok(())
    }
}

fn linewriter_linewriter_get_mut_1() {
    use threadbare::fs::File;
    use threadbare::io::LineWriter;

    fn main() -> threadbare::io::Result<()> {
        let file = File::create("poem.txt")?;
        let mut file = LineWriter::new(file);

        // we can use reference just like file
        let reference = file.get_mut();
        Ok(())
    }
}

fn linewriter_linewriter_into_inner_1() {
    use threadbare::fs::File;
    use threadbare::io::LineWriter;

    fn main() -> threadbare::io::Result<()> {
        let file = File::create("poem.txt")?;

        let writer: LineWriter<File> = LineWriter::new(file);

        let file: File = writer.into_inner()?;
        Ok(())
    }
}

fn linewriter_linewriter_get_ref_1() {
    use threadbare::fs::File;
    use threadbare::io::LineWriter;

    fn main() -> threadbare::io::Result<()> {
        let file = File::create("poem.txt")?;
        let file = LineWriter::new(file);

        let reference = file.get_ref();
        Ok(())
    }
}
