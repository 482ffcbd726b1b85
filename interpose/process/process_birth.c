/* process_birth.c - see process_birth.h. */
#include "process_birth.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decimal.h"

enum { START_FIELD = 22 };

uint64_t
process_pid_namespace(void)
{
    struct stat own;

    return stat("/proc/self/ns/pid", &own) == 0 ? own.st_ino : 0;
}

static uint64_t
start_ticks(void)
{
    char text[512];
    uint64_t ticks = 0;
    const char *at;
    ssize_t length;
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return 0;
    length = read(fd, text, sizeof text - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    /* The second field, a name in brackets, may contain any characters. */
    at = strrchr(text, ')');
    for (int field = 2; at != NULL && field < START_FIELD; field++) {
        at = strchr(at, ' ');
        if (at != NULL)
            at++;
    }
    if (at == NULL || !decimal_read(at, INT64_MAX, &ticks, &at))
        return 0;
    return ticks;
}

struct stats_birth
process_birth(void)
{
    return (struct stats_birth){
        .pid_namespace = process_pid_namespace(),
        .start_ticks = start_ticks(),
    };
}
