/*
 * test_filter.c - the answers of seccomp filters, and the library's use of
 * them.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "filter.h"
#include "os.h"
#include "sandbox.h"

#define PROGRAM(code)                                                          \
    {                                                                          \
        .len = sizeof(code) / sizeof(code)[0], .filter = (code)                \
    }

static struct seccomp_data
call_of(int number, uint64_t first)
{
    return (struct seccomp_data){.nr = number, .args = {first}};
}

Test(filter, jumps_loads_and_arithmetic_are_those_of_bpf)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
        BPF_STMT(BPF_ST, 3),
        BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 4),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LD | BPF_MEM, 3),
        BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0), /* 17 times the argument */
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 170, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    struct sock_fprog program = PROGRAM(code);
    struct seccomp_data ten = call_of(SYS_write, 10);
    struct seccomp_data eleven = call_of(SYS_write, 11);

    cr_assert_eq(filter_run(&program, &ten), SECCOMP_RET_ALLOW);
    cr_assert_eq(filter_run(&program, &eleven), 187);
    cr_assert(filter_allows(&program, &ten));
    cr_assert_not(filter_allows(&program, &eleven));
}

Test(filter, an_errno_is_no_permission_and_a_log_is_one)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fstat, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG),
    };
    struct sock_fprog program = PROGRAM(code);

    sandbox_forget();
    cr_assert(sandbox_allows(SANDBOX_STAT));
    sandbox_apply(&program);
    cr_assert_not(sandbox_allows(SANDBOX_STAT));
    cr_assert_not(sandbox_allows(SANDBOX_FILES), "which look at files");
    cr_assert(sandbox_allows(SANDBOX_WRITE));
    cr_assert(sandbox_allows(SANDBOX_REPLACE));
    sandbox_forget();
    cr_assert(sandbox_allows(SANDBOX_FILES));
}

/* thp:auto asks for residence, and only where huge pages may be asked for. */
Test(filter, no_residence_is_asked_for_where_advice_is_forbidden)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mincore, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = PROGRAM(code);
    static _Alignas(4096) char page[4096] = {1};

    sandbox_forget();
    cr_assert_eq(os_resident_pages(page, sizeof(page)), 1);
    sandbox_apply(&program);
    cr_assert_eq(os_resident_pages(page, sizeof(page)), 0);
    sandbox_forget();
    os_forbid_residence(false);
}

/* A second filter adds to the first. */
Test(filter, what_one_forbids_the_next_does_not_allow)
{
    struct sock_filter none[] = {
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)};
    struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog first = PROGRAM(none);
    struct sock_fprog second = PROGRAM(all);

    sandbox_apply(&first);
    sandbox_apply(&second);
    for (unsigned call = 0; call < SANDBOX_CALLS; call++)
        cr_assert_not(sandbox_allows(call), "call %u", call);
    sandbox_forget();
}
