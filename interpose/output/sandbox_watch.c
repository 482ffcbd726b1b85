/* sandbox_watch.c - see sandbox_watch.h. */
#include "sandbox_watch.h"

#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "imports.h"
#include "sandbox.h"
#include "stderr_target.h"

/* The redirected imports call these functions. */
int sandbox_prctl(int option, long a, long b, long c, long d);
long sandbox_syscall_noted(long number, long a, long b, long c, long d, long e);
long sandbox_syscall(long number, ...);

/*
 * libc's own functions, through pointers that imports_redirect does not change.
 * A second copy of the library redirects the imports of this one; without the
 * pointers, the two copies would call each other for ever.
 */
extern int (*volatile const sandbox_libc_prctl)(int option, ...);
extern long (*volatile const sandbox_libc_syscall)(long number, ...);
__attribute__((used)) int (*volatile const sandbox_libc_prctl)(int option,
                                                               ...) = prctl;
__attribute__((used)) long (*volatile const sandbox_libc_syscall)(
    long number, ...) = syscall;

/* Replaces the program's prctl, whose call may set a filter. */
int
sandbox_prctl(int option, long a, long b, long c, long d)
{
    int result;

    if (option == PR_SET_SECCOMP)
        stderr_target_confirm();
    result = sandbox_libc_prctl(option, a, b, c, d);
    if (option == PR_SET_SECCOMP && result == 0) {
        if (a == SECCOMP_MODE_STRICT)
            sandbox_apply_strict();
        else /* the kernel accepted the filter, so it can be read */
            sandbox_apply((const struct sock_fprog *)b);
    }
    return result;
}

/* Replaces the program's syscall for SYS_seccomp and SYS_prctl. */
__attribute__((used)) long
sandbox_syscall_noted(long number, long a, long b, long c, long d, long e)
{
    bool sets = number == SYS_seccomp && a <= SECCOMP_SET_MODE_FILTER;
    long result;

    if (number == SYS_prctl)
        return sandbox_prctl((int)a, b, c, d, e);
    if (sets)
        stderr_target_confirm();
    result = sandbox_libc_syscall(number, a, b, c, d, e);
    if (sets && result >= 0) {
        if (a == SECCOMP_SET_MODE_STRICT)
            sandbox_apply_strict();
        else
            sandbox_apply((const struct sock_fprog *)c);
    }
    return result;
}

/*
 * Replaces the program's syscall. All other system calls continue in libc by a
 * jump, which leaves no frame: some return twice or on another stack.
 */
#if defined(__x86_64__)
_Static_assert(SYS_seccomp == 317 && SYS_prctl == 157, "as below");
__asm__(".pushsection .text\n"
        ".globl sandbox_syscall\n"
        ".hidden sandbox_syscall\n"
        ".type sandbox_syscall, @function\n"
        "sandbox_syscall:\n"
        ".cfi_startproc\n"
        "endbr64\n"
        "cmpq $317, %rdi\n"
        "je sandbox_syscall_noted\n"
        "cmpq $157, %rdi\n"
        "je sandbox_syscall_noted\n"
        "jmp *sandbox_libc_syscall(%rip)\n"
        ".cfi_endproc\n"
        ".size sandbox_syscall, . - sandbox_syscall\n"
        ".popsection\n");
#else
_Static_assert(SYS_seccomp == 277 && SYS_prctl == 167, "as below");
__asm__(".pushsection .text\n"
        ".globl sandbox_syscall\n"
        ".hidden sandbox_syscall\n"
        ".type sandbox_syscall, %function\n"
        "sandbox_syscall:\n"
        ".cfi_startproc\n"
        "hint #34\n" /* bti c */
        "cmp x0, #277\n"
        "b.eq sandbox_syscall_noted\n"
        "cmp x0, #167\n"
        "b.eq sandbox_syscall_noted\n"
        "adrp x16, sandbox_libc_syscall\n"
        "ldr x16, [x16, :lo12:sandbox_libc_syscall]\n"
        "br x16\n"
        ".cfi_endproc\n"
        ".size sandbox_syscall, . - sandbox_syscall\n"
        ".popsection\n");
#endif

void
sandbox_watch(void)
{
    static const struct import_redirect redirects[] = {
        {"prctl", (void *)prctl, (void *)sandbox_prctl},
        {"syscall", (void *)syscall, (void *)sandbox_syscall},
    };

    imports_redirect(redirects, sizeof redirects / sizeof redirects[0]);
}
