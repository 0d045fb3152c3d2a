// What a program sees of standard streams that are regular files. Says so on standard error, which is one, too.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

static void check(const char *what, int holds) {
    dprintf(2, "%s: %s\n", what, holds ? "yes" : "NO");
}

int main(int count, char **arguments) {
    (void)arguments;
    struct stat in, out;
    char line[16] = {0};
    int appends = count > 1; // and then it is the same file as standard error
    fstat(0, &in);
    fstat(1, &out);
    check("both are regular files", S_ISREG(in.st_mode) && S_ISREG(out.st_mode));
    check("with permissions", (in.st_mode & 0777) == 0640);
    check("the input has its size and is at its start", in.st_size == lseek(0, 0, SEEK_END) && lseek(0, 0, SEEK_SET) == 0);
    check("the last line", lseek(0, -6, SEEK_END) > 0 && read(0, line, 6) == 6 && memcmp(line, "20000\n", 6) == 0);
    check("and then the end", read(0, line, 1) == 0 && lseek(0, 0, SEEK_CUR) == in.st_size);
    check("reading elsewhere moves nothing", pread(0, line, 4, 0) == 4 && memcmp(line, "1\n2\n", 4) == 0
          && lseek(0, 0, SEEK_CUR) == in.st_size);
    lseek(0, 0, SEEK_SET);
    static char all[200000];
    check("one read takes all that there is room for", read(0, all, sizeof all) == in.st_size && all[in.st_size - 2] == '0');
    check("nobody waits for a file", epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, 0, &(struct epoll_event){0}) == -1);
    check("the input is not written", write(0, "x", 1) == -1 && (fcntl(0, F_GETFL) & O_ACCMODE) == O_RDONLY);
    check("appending", !(fcntl(1, F_GETFL) & O_APPEND) == !appends);
    if (!appends) {
        check("written", write(1, "hello world", 11) == 11 && lseek(1, 6, SEEK_SET) == 6 && write(1, "W", 1) == 1);
        check("written elsewhere", pwrite(1, "H", 1, 0) == 1 && lseek(1, 0, SEEK_CUR) == 7);
        fstat(1, &out);
        check("the output's size", out.st_size == 11 && lseek(1, 0, SEEK_END) == 11 && write(1, "!\n", 2) == 2);
        lseek(1, 2, SEEK_SET); // whoever writes next does so from there on
    } else {
        lseek(1, 0, SEEK_SET);
        check("the end is where appending goes", write(1, "appended\n", 9) == 9 && lseek(1, 0, SEEK_CUR) == lseek(1, 0, SEEK_END));
    }
    lseek(0, 2, SEEK_SET); // whoever reads next does so from there on
    return 0;
}
