// Captures file descriptor 2 of the whole process while TensorFlow is loaded, because absl logs from static
// initialisers before any log level can be set; and C's setenv, which a worker thread's process.env does not reach.
#include <node_api.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#ifdef __linux__
#include <sys/mman.h>
#endif
#include <unistd.h>

namespace {

std::mutex mutex;  // two worker threads may load TensorFlow at once
int saved_stderr = -1;
int capture_file = -1;
constexpr int kSignals[] = {SIGABRT, SIGSEGV, SIGILL, SIGBUS, SIGFPE};
struct sigaction previous[sizeof(kSignals) / sizeof(kSignals[0])];

// A crash during loading must not take its message along: copies what was captured to the real stderr first.
// Only async-signal-safe calls.
void OnCrash(int signal_number) {
  char buffer[4096];
  off_t offset = 0;
  for (ssize_t n; (n = pread(capture_file, buffer, sizeof(buffer), offset)) > 0; offset += n) {
    if (write(saved_stderr, buffer, n) < 0) break;
  }
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void InstallCrashHandlers() {
  struct sigaction action = {};
  action.sa_handler = OnCrash;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < sizeof(kSignals) / sizeof(kSignals[0]); ++i) sigaction(kSignals[i], &action, &previous[i]);
}

void RestoreCrashHandlers() {
  for (size_t i = 0; i < sizeof(kSignals) / sizeof(kSignals[0]); ++i) sigaction(kSignals[i], &previous[i], nullptr);
}

int OpenAnonymousFile() {
#ifdef __linux__
  const int memory = memfd_create("potstill-stderr", MFD_CLOEXEC);
  if (memory != -1) return memory;
#endif
  FILE* file = std::tmpfile();
  if (file == nullptr) return -1;
  const int copy = dup(fileno(file));
  std::fclose(file);
  return copy;
}

bool StartCapture() {
  const std::lock_guard<std::mutex> guard(mutex);
  if (saved_stderr != -1) return false;
  capture_file = OpenAnonymousFile();
  if (capture_file == -1) return false;
  std::fflush(stderr);
  saved_stderr = dup(STDERR_FILENO);
  if (saved_stderr == -1 || dup2(capture_file, STDERR_FILENO) == -1) {
    if (saved_stderr != -1) close(saved_stderr);
    close(capture_file);
    saved_stderr = capture_file = -1;
    return false;
  }
  InstallCrashHandlers();
  return true;
}

std::string EndCapture() {
  const std::lock_guard<std::mutex> guard(mutex);
  std::string text;
  if (saved_stderr == -1) return text;
  std::fflush(stderr);
  RestoreCrashHandlers();
  dup2(saved_stderr, STDERR_FILENO);
  close(saved_stderr);
  char buffer[4096];
  off_t offset = 0;
  for (ssize_t n; (n = pread(capture_file, buffer, sizeof(buffer), offset)) > 0; offset += n) text.append(buffer, n);
  close(capture_file);
  saved_stderr = capture_file = -1;
  return text;
}

// Returns false when nothing can be captured (another thread is at it, or no anonymous file): noise is better than an error.
napi_value Capture(napi_env env, napi_callback_info) {
  napi_value result;
  napi_get_boolean(env, StartCapture(), &result);
  return result;
}

napi_value Release(napi_env env, napi_callback_info) {
  const std::string text = EndCapture();
  napi_value result;
  napi_create_string_utf8(env, text.data(), text.size(), &result);
  return result;
}

bool ReadString(napi_env env, napi_value value, std::string* out) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return false;
  out->resize(length);
  return napi_get_value_string_utf8(env, value, &(*out)[0], length + 1, &length) == napi_ok;
}

napi_value SetEnv(napi_env env, napi_callback_info info) {
  size_t argc = 2;
  napi_value args[2];
  std::string name, value;
  napi_get_cb_info(env, info, &argc, args, nullptr, nullptr);
  if (argc != 2 || !ReadString(env, args[0], &name)) {
    napi_throw_type_error(env, nullptr, "setenv(name: string, value: string | null)");
    return nullptr;
  }
  if (ReadString(env, args[1], &value)) {
    ::setenv(name.c_str(), value.c_str(), 1);
  } else {
    ::unsetenv(name.c_str());
  }
  return nullptr;
}

napi_value Init(napi_env env, napi_value exports) {
  const napi_property_descriptor properties[] = {
      {"capture", nullptr, Capture, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"release", nullptr, Release, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"setenv", nullptr, SetEnv, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_define_properties(env, exports, sizeof(properties) / sizeof(properties[0]), properties);
  return exports;
}

}  // namespace

NAPI_MODULE(potstill_stderr, Init)
