/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_WAIT_S 120

static int
connect_to(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct timeval wait = {ANSWER_WAIT_S, 0};
	int fd;

	if (strlen(path) >= sizeof name.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(name.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
	if (connect(fd, (struct sockaddr *)&name, sizeof name) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
send_line(int fd, const char *line)
{
	size_t length = strlen(line), at = 0;
	ssize_t sent;

	while (at < length) {
		sent = send(fd, line + at, length - at, MSG_NOSIGNAL);
		if (sent <= 0)
			return -1;
		at += (size_t)sent;
	}
	return send(fd, "\n", 1, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static void
copy_plain(FILE *in, FILE *out)
{
	char bytes[4096];
	size_t length;

	while ((length = fread(bytes, 1, sizeof bytes, in)) > 0)
		fwrite(bytes, 1, length, out);
}

static void
copy_painted(FILE *in, FILE *out)
{
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, in) > 0)
		paint_line(line, out);
	free(line);
}

/* The first line is the exit code, the rest is for the person. */
static enum client_exit
copy_answer(FILE *in, FILE *out, enum paint paint)
{
	int first = getc(in);
	int second = getc(in);

	if ((first != '0' && first != '1') || second != '\n') {
		fputs("hostlerctl: the daemon gave no answer\n", stderr);
		return CLIENT_FAILED;
	}
	if (paint == PAINT_ON)
		copy_painted(in, out);
	else
		copy_plain(in, out);
	if (ferror(in)) {
		fputs("hostlerctl: the answer was cut off\n", stderr);
		return CLIENT_FAILED;
	}
	return first == '0' ? CLIENT_DONE : CLIENT_FAILED;
}

enum client_exit
client_ask(const char *socket_path, const char *line, FILE *out,
    enum paint paint)
{
	int fd = connect_to(socket_path);
	enum client_exit code;
	FILE *in;

	if (fd < 0) {
		code = errno == EACCES ? CLIENT_FAILED : CLIENT_NO_DAEMON;
		fprintf(stderr, "hostlerctl: no hostler answers at %s: %s\n",
		    socket_path, strerror(errno));
		return code;
	}
	in = send_line(fd, line) == 0 ? fdopen(fd, "r") : NULL;
	if (!in) {
		fputs("hostlerctl: the daemon closed the connection\n",
		    stderr);
		close(fd);
		return CLIENT_FAILED;
	}
	code = copy_answer(in, out, paint);
	fclose(in);
	return code;
}

enum client_exit
client_try(const char *socket_path, const char *line)
{
	int fd = connect_to(socket_path);
	char first = '1';

	if (fd < 0)
		return CLIENT_NO_DAEMON;
	if (send_line(fd, line) != 0 || recv(fd, &first, 1, 0) != 1)
		first = '1';
	close(fd);
	return first == '0' ? CLIENT_DONE :
	    first == '2' ? CLIENT_NOT_YET : CLIENT_FAILED;
}
