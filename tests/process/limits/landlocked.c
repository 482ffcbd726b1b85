/*
 * landlocked.c - a program that forbids itself to open files, by Landlock.
 *
 *     landlocked [close] [FOLDER]
 *
 * By raw system calls, as there is no function for them. FOLDER stays open to
 * it; with close its standard error is closed before exit(), as xz does.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"

/* Of the first version of Landlock, so that no newer header is needed. */
enum {
    CREATE_RULESET = 444,
    ADD_RULE = 445,
    RESTRICT_SELF = 446,
    PATH_BENEATH = 1,
    ALL_RIGHTS = (1 << 13) - 1,
    GETS = 5000,
};

struct beneath {
    uint64_t allowed;
    int32_t folder;
} __attribute__((packed));

static void
restrict_self(const char *folder)
{
    uint64_t handled = ALL_RIGHTS;
    long rules = syscall(CREATE_RULESET, &handled, sizeof handled, 0);

    if (rules < 0)
        check_skip("no Landlock: %s", strerror(errno));
    if (folder != NULL) {
        struct beneath beneath = {ALL_RIGHTS, open(folder, O_PATH)};

        CHECK(syscall(ADD_RULE, rules, PATH_BENEATH, &beneath, 0) == 0,
              "rule: %s", strerror(errno));
        close(beneath.folder);
    }
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "prctl");
    CHECK(syscall(RESTRICT_SELF, rules, 0) == 0, "%s", strerror(errno));
    close((int)rules);
    CHECK(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES, "open");
}

int
main(int argc, char **argv)
{
    int closes = argc > 1 && strcmp(argv[1], "close") == 0;

    restrict_self(argv[1 + closes]);
    for (int left = GETS; left > 0; left--)
        free(malloc(5000));
    puts("done");
    if (closes) {
        fclose(stdout);
        fclose(stderr);
    }
    return 0;
}
