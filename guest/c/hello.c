/* Arguments, environment, the three streams and the exit status, through stdio. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static __thread int per_thread = 41;

int main(int argc, char **argv)
{
	const char *greeting = getenv("GREETING");
	char line[256];
	double x = argc;

	per_thread++;
	printf("%s from %d arguments, thread-local %d\n", greeting ? greeting : "(unset)", argc - 1, per_thread);
	for (int i = 1; i < argc; i++)
		printf("argument %d: '%s'\n", i, argv[i]);
	printf("sqrt %.17g, exp %.17g, %Lf\n", sqrt(x), exp(x), (long double)x / 3);
	while (fgets(line, sizeof line, stdin))
		printf("read %zu bytes: %s", strlen(line), line);
	fprintf(stderr, "on the error stream\n");
	errno = 0;
	if (fopen("/no/such/file", "r") == NULL)
		perror("fopen");
	if (write(99, "x", 1) != -1 || errno != EBADF)
		return 1;
	puts("no newline comes after this:");
	fputs("end", stdout);
	return 7;
}
