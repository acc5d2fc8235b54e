// SPDX-License-Identifier: Apache-2.0
// The tables are those of CPython's Lib/_compat_pickle.py.
#include "pickle/python2_names.hpp"

#include <algorithm>
#include <string_view>

namespace upinspect::pickle {

namespace {

struct ModuleChange {
  std::string_view from;
  std::string_view to;
};

struct NameChange {
  std::string_view module;
  std::string_view name;
  std::string_view to_module;
  std::string_view to_name;
};

constexpr ModuleChange k_modules[] = {
    {"BaseHTTPServer", "http.server"}, {"CGIHTTPServer", "http.server"}, {"ConfigParser", "configparser"},
    {"Cookie", "http.cookies"}, {"Dialog", "tkinter.dialog"}, {"DocXMLRPCServer", "xmlrpc.server"},
    {"FileDialog", "tkinter.filedialog"}, {"HTMLParser", "html.parser"}, {"Queue", "queue"},
    {"ScrolledText", "tkinter.scrolledtext"}, {"SimpleDialog", "tkinter.simpledialog"},
    {"SimpleHTTPServer", "http.server"}, {"SimpleXMLRPCServer", "xmlrpc.server"}, {"SocketServer", "socketserver"},
    {"StringIO", "io"}, {"Tix", "tkinter.tix"}, {"Tkconstants", "tkinter.constants"}, {"Tkdnd", "tkinter.dnd"},
    {"Tkinter", "tkinter"}, {"UserDict", "collections"}, {"UserList", "collections"}, {"UserString", "collections"},
    {"__builtin__", "builtins"}, {"_abcoll", "collections.abc"}, {"_elementtree", "xml.etree.ElementTree"},
    {"_winreg", "winreg"}, {"anydbm", "dbm"}, {"cPickle", "pickle"}, {"cStringIO", "io"}, {"commands", "subprocess"},
    {"cookielib", "http.cookiejar"}, {"copy_reg", "copyreg"}, {"dbhash", "dbm.bsd"}, {"dbm", "dbm.ndbm"},
    {"dumbdbm", "dbm.dumb"}, {"dummy_thread", "_dummy_thread"}, {"gdbm", "dbm.gnu"},
    {"htmlentitydefs", "html.entities"}, {"httplib", "http.client"}, {"markupbase", "_markupbase"},
    {"repr", "reprlib"}, {"robotparser", "urllib.robotparser"}, {"test.test_support", "test.support"},
    {"thread", "_thread"}, {"tkColorChooser", "tkinter.colorchooser"}, {"tkCommonDialog", "tkinter.commondialog"},
    {"tkFileDialog", "tkinter.filedialog"}, {"tkFont", "tkinter.font"}, {"tkMessageBox", "tkinter.messagebox"},
    {"tkSimpleDialog", "tkinter.simpledialog"}, {"ttk", "tkinter.ttk"}, {"urllib2", "urllib.request"},
    {"urlparse", "urllib.parse"}, {"whichdb", "dbm"}, {"xmlrpclib", "xmlrpc.client"},
};

constexpr NameChange k_names[] = {
    {"UserDict", "IterableUserDict", "collections", "UserDict"}, {"UserDict", "UserDict", "collections", "UserDict"},
    {"UserList", "UserList", "collections", "UserList"}, {"UserString", "UserString", "collections", "UserString"},
    {"__builtin__", "basestring", "builtins", "str"}, {"__builtin__", "intern", "sys", "intern"},
    {"__builtin__", "long", "builtins", "int"}, {"__builtin__", "reduce", "functools", "reduce"},
    {"__builtin__", "unichr", "builtins", "chr"}, {"__builtin__", "unicode", "builtins", "str"},
    {"__builtin__", "xrange", "builtins", "range"},
    {"_multiprocessing", "Connection", "multiprocessing.connection", "Connection"},
    {"_socket", "fromfd", "socket", "fromfd"}, {"exceptions", "StandardError", "builtins", "Exception"},
    {"itertools", "ifilter", "builtins", "filter"}, {"itertools", "ifilterfalse", "itertools", "filterfalse"},
    {"itertools", "imap", "builtins", "map"}, {"itertools", "izip", "builtins", "zip"},
    {"itertools", "izip_longest", "itertools", "zip_longest"},
    {"multiprocessing", "AuthenticationError", "multiprocessing.context", "AuthenticationError"},
    {"multiprocessing", "BufferTooShort", "multiprocessing.context", "BufferTooShort"},
    {"multiprocessing", "ProcessError", "multiprocessing.context", "ProcessError"},
    {"multiprocessing", "TimeoutError", "multiprocessing.context", "TimeoutError"},
    {"multiprocessing.forking", "Popen", "multiprocessing.popen_fork", "Popen"},
    {"multiprocessing.process", "Process", "multiprocessing.context", "Process"},
    {"socket", "_socketobject", "socket", "SocketType"},
    {"urllib", "ContentTooShortError", "urllib.error", "ContentTooShortError"},
    {"urllib", "getproxies", "urllib.request", "getproxies"},
    {"urllib", "pathname2url", "urllib.request", "pathname2url"}, {"urllib", "quote", "urllib.parse", "quote"},
    {"urllib", "quote_plus", "urllib.parse", "quote_plus"}, {"urllib", "unquote", "urllib.parse", "unquote"},
    {"urllib", "unquote_plus", "urllib.parse", "unquote_plus"},
    {"urllib", "url2pathname", "urllib.request", "url2pathname"},
    {"urllib", "urlcleanup", "urllib.request", "urlcleanup"}, {"urllib", "urlencode", "urllib.parse", "urlencode"},
    {"urllib", "urlopen", "urllib.request", "urlopen"}, {"urllib", "urlretrieve", "urllib.request", "urlretrieve"},
    {"urllib2", "HTTPError", "urllib.error", "HTTPError"}, {"urllib2", "URLError", "urllib.error", "URLError"},
    {"whichdb", "whichdb", "dbm", "whichdb"},
};

/// Of module `exceptions`; all of them moved to `builtins` under their own names.
constexpr std::string_view k_exceptions[] = {
    "ArithmeticError", "AssertionError", "AttributeError", "BaseException", "BufferError", "BytesWarning",
    "DeprecationWarning", "EOFError", "EnvironmentError", "Exception", "FloatingPointError", "FutureWarning",
    "GeneratorExit", "IOError", "ImportError", "ImportWarning", "IndentationError", "IndexError", "KeyError",
    "KeyboardInterrupt", "LookupError", "MemoryError", "NameError", "NotImplementedError", "OSError",
    "OverflowError", "PendingDeprecationWarning", "ReferenceError", "RuntimeError", "RuntimeWarning",
    "StopIteration", "SyntaxError", "SyntaxWarning", "SystemError", "SystemExit", "TabError", "TypeError",
    "UnboundLocalError", "UnicodeDecodeError", "UnicodeEncodeError", "UnicodeError", "UnicodeTranslateError",
    "UnicodeWarning", "UserWarning", "ValueError", "Warning", "ZeroDivisionError",
};

bool rename(GlobalName& global) {
  for (const auto& change : k_names) {
    if (global.is(change.module, change.name)) {
      global.module = change.to_module;
      global.name = change.to_name;
      return true;
    }
  }
  const auto& known = k_exceptions;
  if (global.module == "exceptions" && std::find(std::begin(known), std::end(known), global.name) != std::end(known)) {
    global.module = "builtins";
    return true;
  }
  const auto change = std::find_if(std::begin(k_modules), std::end(k_modules),
                                   [&global](const ModuleChange& row) { return row.from == global.module; });
  if (change == std::end(k_modules)) {
    return false;
  }
  global.module = change->to;
  return true;
}

}  // namespace

GlobalName in_python3(std::string module, std::string name) {
  GlobalName global{std::move(module), std::move(name), {}, {}, false};
  auto renamed = global;
  if (!rename(renamed)) {
    return global;
  }
  renamed.written_module = std::move(global.module);
  renamed.written_name = std::move(global.name);
  return renamed;
}

}  // namespace upinspect::pickle
