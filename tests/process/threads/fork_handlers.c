/*
 * fork_handlers.c - malloc in atfork handlers, registered early and late.
 *
 * The late ones keep blocks across the fork: taken in prepare, verified and
 * freed in parent and child. Other threads churn meanwhile.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "churn.h"

static struct churn_block kept[8];

static void
prepare(void)
{
    for (unsigned i = 0; i < 8; i++)
        kept[i] = churn_take(700u << i, i);
}

static void
after(void)
{
    for (unsigned i = 0; i < 8; i++)
        churn_drop(&kept[i]);
    churn_all_sizes(1);
}

int
main(void)
{
    pthread_atfork(prepare, after, after);
    churn_start(4);
    for (unsigned i = 0; check_more(i, check_rounds(80, 20000)); i++) {
        alarm(2 * CHECK_PATIENCE_SECONDS);
        pid_t pid = fork();
        if (pid == 0) {
            alarm(CHECK_PATIENCE_SECONDS);
            churn_all_sizes(i);
            _exit(0);
        }
        CHECK(pid > 0, "fork");
        int status = 0;
        CHECK(waitpid(pid, &status, 0) == pid && status == 0,
              "child ended with 0x%x", status);
    }
    churn_stop();
    return 0;
}
