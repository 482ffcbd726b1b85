/* filter.c - see filter.h. */
#include "filter.h"

#include <stdint.h>
#include <string.h>

struct machine {
    uint32_t a;
    uint32_t x;
    uint32_t memory[BPF_MEMWORDS];
    const struct seccomp_data *call;
};

static uint32_t
word_of_call(const struct machine *machine, uint32_t offset)
{
    uint32_t word = 0;

    if (offset <= sizeof *machine->call - sizeof word)
        memcpy(&word, (const char *)machine->call + offset, sizeof word);
    return word;
}

static uint32_t
load(const struct machine *machine, const struct sock_filter *at)
{
    switch (BPF_MODE(at->code)) {
    case BPF_ABS:
        return word_of_call(machine, at->k);
    case BPF_MEM:
        return machine->memory[at->k % BPF_MEMWORDS];
    case BPF_LEN:
        return sizeof *machine->call;
    default:
        return at->k;
    }
}

static uint32_t
calculate(const struct machine *machine, const struct sock_filter *at)
{
    uint32_t a = machine->a;
    uint32_t b = BPF_SRC(at->code) == BPF_X ? machine->x : at->k;

    switch (BPF_OP(at->code)) {
    case BPF_ADD:
        return a + b;
    case BPF_SUB:
        return a - b;
    case BPF_MUL:
        return a * b;
    case BPF_DIV:
        return b == 0 ? 0 : a / b;
    case BPF_AND:
        return a & b;
    case BPF_OR:
        return a | b;
    case BPF_XOR:
        return a ^ b;
    case BPF_LSH:
        return b < 32 ? a << b : 0;
    case BPF_RSH:
        return b < 32 ? a >> b : 0;
    default:
        return -a; /* BPF_NEG */
    }
}

/* The number of instructions that a jump skips. */
static uint32_t
jump(const struct machine *machine, const struct sock_filter *at)
{
    uint32_t a = machine->a;
    uint32_t b = BPF_SRC(at->code) == BPF_X ? machine->x : at->k;
    bool taken;

    switch (BPF_OP(at->code)) {
    case BPF_JA:
        return at->k;
    case BPF_JEQ:
        taken = a == b;
        break;
    case BPF_JGT:
        taken = a > b;
        break;
    case BPF_JGE:
        taken = a >= b;
        break;
    default:
        taken = (a & b) != 0; /* BPF_JSET */
    }
    return taken ? at->jt : at->jf;
}

/* All but jumps and returns. */
static void
step(struct machine *machine, const struct sock_filter *at)
{
    switch (BPF_CLASS(at->code)) {
    case BPF_LD:
        machine->a = load(machine, at);
        break;
    case BPF_LDX:
        machine->x = load(machine, at);
        break;
    case BPF_ST:
        machine->memory[at->k % BPF_MEMWORDS] = machine->a;
        break;
    case BPF_STX:
        machine->memory[at->k % BPF_MEMWORDS] = machine->x;
        break;
    case BPF_ALU:
        machine->a = calculate(machine, at);
        break;
    default: /* BPF_MISC */
        if (BPF_MISCOP(at->code) == BPF_TAX)
            machine->x = machine->a;
        else
            machine->a = machine->x;
    }
}

unsigned
filter_run(const struct sock_fprog *program, const struct seccomp_data *call)
{
    struct machine machine = {.call = call};

    for (uint32_t i = 0; i < program->len; i++) {
        const struct sock_filter *at = &program->filter[i];

        if (BPF_CLASS(at->code) == BPF_RET)
            return BPF_RVAL(at->code) == BPF_A ? machine.a : at->k;
        if (BPF_CLASS(at->code) == BPF_JMP)
            i += jump(&machine, at);
        else
            step(&machine, at);
    }
    return SECCOMP_RET_KILL_PROCESS;
}

bool
filter_allows(const struct sock_fprog *program, const struct seccomp_data *call)
{
    unsigned action = filter_run(program, call) & SECCOMP_RET_ACTION_FULL;

    return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}
