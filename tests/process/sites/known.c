/*
 * known.c - a program whose call sites and their counts are known.
 *
 *     known plain|long|sizes|threads|misuse|crowd|fork|seccomp|coroutine|
 *           signal|many|kill
 *     known reload FILE FILE
 *
 * Each site is a function of its own that asks for buffers of one size; what
 * they ask for is in known.py. No site is inlined or ends in a jump.
 */
#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum { THREADS = 8, MANY_THREADS = 1000, SMALL_STACK = 16 << 10 };

#ifdef __clang__ /* which makes no clones, and does not know the word */
#define SITE __attribute__((noinline))
#else
#define SITE __attribute__((noinline, noclone))
#endif

static void *kept[100000];
static unsigned keeping;

static SITE void *
ask(size_t bytes)
{
    char *volatile ptr = malloc(bytes);

    if (ptr == NULL)
        abort();
    *ptr = 1;
    return ptr;
}

static SITE void
site_short(unsigned count)
{
    while (count-- > 0) {
        void *volatile ptr = ask(4096);

        free(ptr);
    }
}

static SITE void
site_kept(unsigned count)
{
    while (count-- > 0) {
        void *volatile ptr = ask(5001);

        kept[keeping++] = ptr;
    }
}

/* Frees the buffers of site_kept first, so that the peak lies before. */
static SITE void
site_late(unsigned count)
{
    while (keeping > 0)
        free(kept[--keeping]);
    while (count-- > 0) {
        void *volatile ptr = ask(2048);

        free(ptr);
    }
}

static SITE void
site_large(unsigned count)
{
    while (count-- > 0) {
        void *volatile ptr = ask(65536);

        free(ptr);
    }
}

/* A free within a buffer, and one too many: with misuse:warn. */
static SITE void
site_misused(void)
{
    char *volatile first = ask(5000);
    char *volatile second = ask(5000);

    free(first + 64);
    free(first);
    free(second);
    free(first);
}

static pthread_barrier_t all_there;

static void *
thread_in_a_crowd(void *unused)
{
    (void)unused;
    pthread_barrier_wait(&all_there);
    site_short(20);
    pthread_barrier_wait(&all_there);
    return NULL;
}

static void
plain(void)
{
    site_short(1000);
    site_large(200);
    site_kept(500);
    site_late(300);
}

static void *
thread_body(void *unused)
{
    (void)unused;
    site_short(10);
    return NULL;
}

static void *
thread_gives(void *unused)
{
    void *volatile ptr = ask(8192);

    (void)unused;
    return ptr;
}

static void
run_threads(unsigned count, void *(*body)(void *), size_t stack)
{
    static pthread_t thread[MANY_THREADS];
    pthread_attr_t attr;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, stack);
    for (unsigned i = 0; i < count; i++) {
        if (pthread_create(&thread[i], &attr, body, NULL) != 0)
            abort();
    }
    for (unsigned i = 0; i < count; i++) {
        void *ptr;

        pthread_join(thread[i], &ptr);
        free(ptr);
    }
}

static void
fork_and_go_on(void)
{
    int status;

    site_kept(100);
    if (fork() == 0) {
        site_short(50);
        site_late(0); /* frees what it inherited */
        exit(0);
    }
    wait(&status);
    site_late(10);
}

static void
permit_little(void)
{
#define ALLOW(name)                                                            \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1),                     \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(write),
        ALLOW(exit_group),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        abort();
}

/* Under a filter that allows write only, the report goes to stdout. */
static void
under_seccomp(void)
{
    void *found = dlsym(RTLD_DEFAULT, "midpool_report");
    int (*report)(int fd, const char *format);

    memcpy(&report, &found, sizeof report);
    site_short(1); /* memory for what follows */
    permit_little();
    site_short(999);
    if (report != NULL)
        (void)report(1, "json");
    _exit(0);
}

static ucontext_t here;

static void
coroutine_body(void)
{
    site_short(20);
}

static void
run_coroutine(void)
{
    static char stack[64 << 10];
    ucontext_t other;

    getcontext(&other);
    other.uc_stack.ss_sp = stack;
    other.uc_stack.ss_size = sizeof stack;
    other.uc_link = &here;
    makecontext(&other, coroutine_body, 0);
    swapcontext(&here, &other);
    site_large(5);
}

static void
on_signal(int number)
{
    (void)number;
    site_short(20);
}

static SITE void
site_raises(void)
{
    raise(SIGUSR1);
    __asm__ volatile("");
}

/* Stacks of different depths are different stacks. */
static SITE unsigned
deeper(unsigned depth)
{
    unsigned below = depth > 0 ? deeper(depth - 1) : 0;

    if (depth == 0)
        site_short(1);
    return below + 1;
}

static SITE void
site_small(unsigned count)
{
    while (count-- > 0) {
        void *volatile ptr = ask(100);

        free(ptr);
    }
}

static SITE void
site_huge(unsigned count)
{
    while (count-- > 0) {
        void *volatile ptr = ask(200000);

        free(ptr);
    }
}

/* From small to in the band, to above it, and small again. */
static SITE void
site_resized(unsigned count)
{
    static const size_t to[] = {500, 5000, 100000, 300000, 1000};

    while (count-- > 0) {
        char *volatile ptr = ask(50);

        for (unsigned i = 0; i < sizeof to / sizeof to[0]; i++)
            ptr = realloc(ptr, to[i]);
        free(ptr);
    }
}

static SITE void
site_leaked(unsigned count)
{
    while (count-- > 0)
        kept[keeping++] = ask(30);
}

static SITE void
site_zeroed(unsigned count)
{
    while (count-- > 0) {
        void *volatile small = calloc(10, 30);
        void *volatile large = calloc(3, 100000);
        void *aligned = NULL;

        if (posix_memalign(&aligned, 64, 1000) != 0)
            abort();
        free(aligned);
        free(small);
        free(large);
    }
}

/* Requests outside the band, with sites_all:yes. */
static void
sizes(void)
{
    site_small(5000);
    site_huge(100);
    site_resized(100);
    site_leaked(200);
    site_zeroed(100);
    site_short(100);
}

/* The site is called from a file that is closed afterwards. */
static uintptr_t
call_from(const char *file)
{
    void *plugin = dlopen(file, RTLD_NOW);
    void *found = plugin != NULL ? dlsym(plugin, "plugin_call") : NULL;
    void (*call)(void (*site)(unsigned count), unsigned count);

    if (found == NULL)
        abort();
    memcpy(&call, &found, sizeof call);
    call(site_short, 20);
    dlclose(plugin);
    return (uintptr_t)found;
}

int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "plain";

    if (strcmp(what, "plain") == 0) {
        plain();
    } else if (strcmp(what, "long") == 0) {
        site_short(60000);
    } else if (strcmp(what, "sizes") == 0) {
        sizes();
    } else if (strcmp(what, "threads") == 0) {
        run_threads(THREADS, thread_gives, 256 << 10);
        run_threads(MANY_THREADS, thread_body, SMALL_STACK);
    } else if (strcmp(what, "misuse") == 0) {
        site_misused();
    } else if (strcmp(what, "crowd") == 0) {
        pthread_barrier_init(&all_there, NULL, MANY_THREADS);
        run_threads(MANY_THREADS, thread_in_a_crowd, SMALL_STACK);
    } else if (strcmp(what, "fork") == 0) {
        fork_and_go_on();
    } else if (strcmp(what, "seccomp") == 0) {
        under_seccomp();
    } else if (strcmp(what, "coroutine") == 0) {
        run_coroutine();
    } else if (strcmp(what, "signal") == 0) {
        signal(SIGUSR1, on_signal);
        site_raises();
    } else if (strcmp(what, "many") == 0) {
        for (unsigned depth = 0; depth < 100; depth++)
            deeper(depth);
    } else if (strcmp(what, "reload") == 0 && argc == 4) {
        return call_from(argv[2]) == call_from(argv[3]) ? 0 : 77;
    } else if (strcmp(what, "kill") == 0) {
        plain();
        site_kept(50);
        raise(SIGKILL);
    }
    return 0;
}
