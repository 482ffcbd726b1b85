/*
 * test_stats_stack.c - a report needs little stack.
 *
 * It may be rendered in a signal handler on an alternate stack, or at the
 * exit of a thread with the least stack there is. The stack here is painted
 * before, so that what was used can be seen after. Instrumented builds
 * (sanitizers, no optimisation) have larger frames and are not judged.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <sys/mman.h>
#include <ucontext.h>

#include "stats_fixture.h"

enum {
    STACK_BYTES = 256 * 1024,
    LIMIT_BYTES = 4096,
    PAINT = 0xa5,
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||           \
    !defined(__OPTIMIZE__)
static const bool judged = false;
#else
static const bool judged = true;
#endif

static struct stats_snapshot snap;
static char buf[REPORT_MAX_BYTES];
static struct stats_header *subject;
static ucontext_t caller;
static ucontext_t renderer;

static void
render_all(void)
{
    static const struct report_style style = {.width = 80, .colour = true};
    stats_snapshot_take(&snap, subject, 0);
    for (int format = REPORT_TEXT; format < REPORT_NONE; format++)
        report_render((enum report_format)format, &style, &snap, buf,
                      sizeof(buf));
}

static size_t
stack_used(const unsigned char *stack)
{
    size_t untouched = 0;
    while (untouched < STACK_BYTES && stack[untouched] == PAINT)
        untouched++;
    return STACK_BYTES - untouched;
}

Test(stats_stack, a_report_fits_four_kilobytes)
{
    unsigned char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool mapped = stack != MAP_FAILED;
    cr_assert(mapped);
    memset(stack, PAINT, STACK_BYTES);
    subject = fixture_extreme_page();

    getcontext(&renderer);
    renderer.uc_stack.ss_sp = stack;
    renderer.uc_stack.ss_size = STACK_BYTES;
    renderer.uc_link = &caller;
    makecontext(&renderer, render_all, 0);
    swapcontext(&caller, &renderer);

    cr_expect(gt(sz, stack_used(stack), 100));
    if (judged)
        cr_expect(lt(sz, stack_used(stack), LIMIT_BYTES));
    cr_log_info("%zu bytes of stack", stack_used(stack));
}
