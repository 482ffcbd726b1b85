/*
 * deepbind.c - see deepbind.h.
 */
#include "deepbind.h"

#include <dlfcn.h>
#include <stddef.h>

#include "count_guard.h"
#include "frame_walk.h"
#include "page.h"
#include "pool.h"

/* The functions behind ours; NULL: not looked up yet. Read by the assembly. */
__attribute__((used)) static void *deepbind_next_dlopen;
__attribute__((used)) static void *deepbind_next_dlmopen;

static bool stripping;

/* The assembly names this one and deepbind_find_next. */
int deepbind_mode(int mode);

__attribute__((used)) void
deepbind_find_next(void)
{
    deepbind_next_dlopen = count_guard_find_next("dlopen");
    deepbind_next_dlmopen = count_guard_find_next("dlmopen");
}

void
deepbind_configure(bool strip)
{
    stripping = strip;
}

/* The mode to use for one that has the flag. */
__attribute__((used)) int
deepbind_mode(int mode)
{
    if (!stripping)
        return mode;
    __atomic_fetch_add(&pool_page()->deepbind_stripped, 1, __ATOMIC_RELAXED);
    return mode & ~RTLD_DEEPBIND;
}

_Static_assert(RTLD_DEEPBIND == 8, "bit 3, as the assembly tests it");

/*
 * FUNCTION(name, next, mode register): tests the flag, calls deepbind_mode if
 * it is set, looks the next function up if that was not done, and jumps. Rules
 * of unwinding that were kept end (frame_walk.h).
 */
#if defined(__x86_64__)
#define FUNCTION(name, next, mode)                                             \
    __asm__(".pushsection .text\n"                                             \
            ".globl " #name "\n"                                               \
            ".type " #name ", @function\n"                                     \
            ".p2align 4\n" #name ":\n"                                         \
            ".cfi_startproc\n"                                                 \
            "endbr64\n"                                                        \
            "incq frame_walk_generation(%rip)\n"                               \
            "testl $8, %" mode "\n"                                            \
            "jnz 2f\n"                                                         \
            "1: cmpq $0, " #next "(%rip)\n"                                    \
            "je 3f\n"                                                          \
            "jmpq *" #next "(%rip)\n"                                          \
            "2: pushq %rdi\n"                                                  \
            ".cfi_adjust_cfa_offset 8\n"                                       \
            "pushq %rsi\n"                                                     \
            ".cfi_adjust_cfa_offset 8\n"                                       \
            "pushq %rdx\n"                                                     \
            ".cfi_adjust_cfa_offset 8\n"                                       \
            "movl %" mode ", %edi\n"                                           \
            "callq deepbind_mode\n"                                            \
            "popq %rdx\n"                                                      \
            ".cfi_adjust_cfa_offset -8\n"                                      \
            "popq %rsi\n"                                                      \
            ".cfi_adjust_cfa_offset -8\n"                                      \
            "popq %rdi\n"                                                      \
            ".cfi_adjust_cfa_offset -8\n"                                      \
            "movl %eax, %" mode "\n"                                           \
            "jmp 1b\n"                                                         \
            "3: pushq %rdi\n"                                                  \
            ".cfi_adjust_cfa_offset 8\n"                                       \
            "pushq %rsi\n"                                                     \
            ".cfi_adjust_cfa_offset 8\n"                                       \
            "pushq %rdx\n"                                                     \
            ".cfi_adjust_cfa_offset 8\n"                                       \
            "callq deepbind_find_next\n"                                       \
            "popq %rdx\n"                                                      \
            ".cfi_adjust_cfa_offset -8\n"                                      \
            "popq %rsi\n"                                                      \
            ".cfi_adjust_cfa_offset -8\n"                                      \
            "popq %rdi\n"                                                      \
            ".cfi_adjust_cfa_offset -8\n"                                      \
            "jmpq *" #next "(%rip)\n"                                          \
            ".cfi_endproc\n"                                                   \
            ".size " #name ", . - " #name "\n"                                 \
            ".popsection\n");

FUNCTION(dlopen, deepbind_next_dlopen, "esi")
FUNCTION(dlmopen, deepbind_next_dlmopen, "edx")
#elif defined(__aarch64__)
#define FUNCTION(name, next, mode)                                             \
    __asm__(".pushsection .text\n"                                             \
            ".globl " #name "\n"                                               \
            ".type " #name ", %function\n"                                     \
            ".p2align 4\n" #name ":\n"                                         \
            ".cfi_startproc\n"                                                 \
            "hint #34\n" /* bti c */                                           \
            "tbnz " mode ", #3, 2f\n"                                          \
            "1: adrp x16, " #next "\n"                                         \
            "ldr x16, [x16, :lo12:" #next "]\n"                                \
            "cbz x16, 3f\n"                                                    \
            "br x16\n"                                                         \
            "2: stp x0, x1, [sp, #-32]!\n"                                     \
            ".cfi_adjust_cfa_offset 32\n"                                      \
            "stp x2, x30, [sp, #16]\n"                                         \
            ".cfi_rel_offset x30, 24\n"                                        \
            "mov w0, " mode "\n"                                               \
            "bl deepbind_mode\n"                                               \
            "mov w16, w0\n"                                                    \
            "ldp x2, x30, [sp, #16]\n"                                         \
            ".cfi_restore x30\n"                                               \
            "ldp x0, x1, [sp], #32\n"                                          \
            ".cfi_adjust_cfa_offset -32\n"                                     \
            "mov " mode ", w16\n"                                              \
            "b 1b\n"                                                           \
            "3: stp x0, x1, [sp, #-32]!\n"                                     \
            ".cfi_adjust_cfa_offset 32\n"                                      \
            "stp x2, x30, [sp, #16]\n"                                         \
            ".cfi_rel_offset x30, 24\n"                                        \
            "bl deepbind_find_next\n"                                          \
            "ldp x2, x30, [sp, #16]\n"                                         \
            ".cfi_restore x30\n"                                               \
            "ldp x0, x1, [sp], #32\n"                                          \
            ".cfi_adjust_cfa_offset -32\n"                                     \
            "adrp x16, " #next "\n"                                            \
            "ldr x16, [x16, :lo12:" #next "]\n"                                \
            "br x16\n"                                                         \
            ".cfi_endproc\n"                                                   \
            ".size " #name ", . - " #name "\n"                                 \
            ".popsection\n");

FUNCTION(dlopen, deepbind_next_dlopen, "w1")
FUNCTION(dlmopen, deepbind_next_dlmopen, "w2")
#else
#error "midpool supports x86-64 and arm64"
#endif
