/* backend_libc.c - first version */
#include <stddef.h>

int backend_je_pthread_atfork(void (*prepare)(void), void (*parent)(void),
                              void (*child)(void));
void *backend_je_dlsym(void *handle, const char *name);
int backend_je_atexit(void (*function)(void));
double backend_je_exp(double x);
double backend_je_log(double x);
double backend_je_round(double x);

int
backend_je_pthread_atfork(void (*prepare)(void), void (*parent)(void),
                          void (*child)(void))
{
    (void)prepare;
    (void)parent;
    (void)child;
    return 0;
}

void *
backend_je_dlsym(void *handle, const char *name)
{
    (void)handle;
    (void)name;
    return NULL;
}

int
backend_je_atexit(void (*function)(void))
{
    (void)function;
    return 0;
}

double
backend_je_exp(double x)
{
    return x;
}

double
backend_je_log(double x)
{
    return x;
}

double
backend_je_round(double x)
{
    return x;
}
