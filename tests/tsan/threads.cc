// Debian's librdkafka has the threads, mutexes and conditions of C11, of which ThreadSanitizer
// knows nothing: the first allocation of such a thread ends the process, and what is handed over
// under such a mutex looks like a race. These definitions stand before the C library's, and are by
// POSIX what those are by themselves: in glibc both have the same types underneath.
#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <memory>

namespace {

struct Start {
  thrd_start_t function;
  void* argument;
};

void* Run(void* start) {
  const std::unique_ptr<Start> from(static_cast<Start*>(start));
  return reinterpret_cast<void*>(intptr_t{from->function(from->argument)});
}

pthread_mutex_t* Of(mtx_t* mutex) { return reinterpret_cast<pthread_mutex_t*>(mutex); }
pthread_cond_t* Of(cnd_t* condition) { return reinterpret_cast<pthread_cond_t*>(condition); }
static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t));

int Result(int error) {
  switch (error) {
    case 0:
      return thrd_success;
    case EBUSY:
      return thrd_busy;
    case ETIMEDOUT:
      return thrd_timedout;
    case ENOMEM:
      return thrd_nomem;
    default:
      return thrd_error;
  }
}

}  // namespace

extern "C" {

int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
  auto start = std::make_unique<Start>(function, argument);
  if (pthread_create(thread, nullptr, Run, start.get()) != 0) return thrd_error;
  start.release();
  return thrd_success;
}

int thrd_join(thrd_t thread, int* result) {
  void* returned = nullptr;
  if (pthread_join(thread, &returned) != 0) return thrd_error;
  if (result != nullptr) *result = static_cast<int>(reinterpret_cast<intptr_t>(returned));
  return thrd_success;
}

int thrd_detach(thrd_t thread) { return pthread_detach(thread) == 0 ? thrd_success : thrd_error; }

int mtx_init(mtx_t* mutex, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if ((type & mtx_recursive) != 0) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  const int error = pthread_mutex_init(Of(mutex), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return Result(error);
}
void mtx_destroy(mtx_t* mutex) { pthread_mutex_destroy(Of(mutex)); }
int mtx_lock(mtx_t* mutex) { return Result(pthread_mutex_lock(Of(mutex))); }
int mtx_trylock(mtx_t* mutex) { return Result(pthread_mutex_trylock(Of(mutex))); }
int mtx_timedlock(mtx_t* mutex, const timespec* until) {
  return Result(pthread_mutex_timedlock(Of(mutex), until));
}
int mtx_unlock(mtx_t* mutex) { return Result(pthread_mutex_unlock(Of(mutex))); }

int cnd_init(cnd_t* condition) { return Result(pthread_cond_init(Of(condition), nullptr)); }
void cnd_destroy(cnd_t* condition) { pthread_cond_destroy(Of(condition)); }
int cnd_signal(cnd_t* condition) { return Result(pthread_cond_signal(Of(condition))); }
int cnd_broadcast(cnd_t* condition) { return Result(pthread_cond_broadcast(Of(condition))); }
int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return Result(pthread_cond_wait(Of(condition), Of(mutex)));
}
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
  return Result(pthread_cond_timedwait(Of(condition), Of(mutex), until));
}
}
