/* SPDX-License-Identifier: BSD-2-Clause */
/* resolve.c - look names up as a program does, with getaddrinfo(3), and say how
 * long it took: for clients of another libc.
 *
 *   resolve NAME...     prints "NAME ADDRESS|- MILLISECONDS" a line */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static double
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void
print_one(const char *name)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	double start = now_ms();
	char text[INET6_ADDRSTRLEN] = "-";

	if (getaddrinfo(name, NULL, &hints, &found) == 0 && found) {
		if (found->ai_family == AF_INET)
			inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)
			    found->ai_addr)->sin_addr, text, sizeof text);
		freeaddrinfo(found);
	}
	printf("%s %s %.1f\n", name, text, now_ms() - start);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		print_one(argv[i]);
	return 0;
}
