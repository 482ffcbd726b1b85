/* backend_mutex.c - first version */
#include <pthread.h>

int backend_je_pthread_mutex_init(pthread_mutex_t *m,
                                  const pthread_mutexattr_t *a);
int backend_je_pthread_mutex_lock(pthread_mutex_t *m);
int backend_je_pthread_mutex_trylock(pthread_mutex_t *m);
int backend_je_pthread_mutex_unlock(pthread_mutex_t *m);

int
backend_je_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a)
{
    return pthread_mutex_init(m, a);
}

int
backend_je_pthread_mutex_lock(pthread_mutex_t *m)
{
    return pthread_mutex_lock(m);
}

int
backend_je_pthread_mutex_trylock(pthread_mutex_t *m)
{
    return pthread_mutex_trylock(m);
}

int
backend_je_pthread_mutex_unlock(pthread_mutex_t *m)
{
    return pthread_mutex_unlock(m);
}
