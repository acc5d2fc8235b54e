// SPDX-License-Identifier: Apache-2.0
#include "pickle/known_globals.hpp"

#include "pickle/torch_dtypes.hpp"

#include <algorithm>
#include <string_view>

namespace upinspect::pickle {

namespace {

struct Names {
  std::string_view module;
  std::string_view names;  ///< between blanks
};

bool lists(std::string_view names, std::string_view name) {
  if (name.empty() || name.size() > names.size() || name.find(' ') != std::string_view::npos) {
    return false;
  }
  for (auto at = names.find(name); at != std::string_view::npos; at = names.find(name, at + 1)) {
    const bool begins = at == 0 || names[at - 1] == ' ';
    const auto end = at + name.size();
    if (begins && (end == names.size() || names[end] == ' ')) {
      return true;
    }
  }
  return false;
}

template <std::size_t N>
bool lists(const Names (&rows)[N], const GlobalName& name) {
  return std::any_of(std::begin(rows), std::end(rows), [&name](const Names& row) {
    return row.module == name.module && lists(row.names, name.name);
  });
}

/// Names that make data. torch's dtypes, storages and tensor classes are told apart by their own table.
constexpr Names k_inert[] = {
    {"collections", "OrderedDict Counter defaultdict deque"},
    {"builtins", "set frozenset list dict tuple bytearray bytes complex int long float bool str object slice range"},
    {"__builtin__", "set frozenset list dict tuple bytearray bytes complex int long float bool str object slice range"},
    {"_codecs", "encode"},
    {"copyreg", "_reconstructor __newobj__ __newobj_ex__"},
    {"copy_reg", "_reconstructor __newobj__ __newobj_ex__"},
    {"argparse", "Namespace"},
    {"pathlib", "PosixPath PurePosixPath WindowsPath PureWindowsPath"},
    {"datetime", "datetime date time timedelta timezone"},
    {"decimal", "Decimal"},
    {"fractions", "Fraction"},
    {"uuid", "UUID"},
    {"torch._utils",
     "_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_parameter_with_state "
     "_rebuild_qtensor _rebuild_sparse_tensor _rebuild_sparse_csr_tensor _rebuild_nested_tensor "
     "_rebuild_meta_tensor_no_storage _rebuild_wrapper_subclass _rebuild_device_tensor_from_numpy _rebuild_xla_tensor "
     "_rebuild_mlc_tensor _rebuild_device_tensor_from_cpu_tensor"},
    {"torch._tensor", "_rebuild_from_type _rebuild_from_type_v2"},
    {"torch.tensor", "_rebuild_from_type"},
    {"torch.serialization", "_get_layout"},
    {"torch.nn.parameter", "Parameter Buffer UninitializedParameter"},
    {"torch.nn", "Parameter"},
    {"torch.autograd.variable", "Variable"},
    {"torch.autograd", "Variable"},
    {"torch",
     "Size device Tensor UntypedStorage _UntypedStorage strided sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc "
     "contiguous_format preserve_format channels_last channels_last_3d per_tensor_affine per_tensor_symmetric "
     "per_channel_affine per_channel_symmetric per_channel_affine_float_qparams"},
    {"torch.cuda", "UntypedStorage _UntypedStorage"},
    {"torch.storage", "TypedStorage _TypedStorage UntypedStorage _UntypedStorage"},
    {"numpy.core.multiarray", "_reconstruct scalar"},
    {"numpy._core.multiarray", "_reconstruct scalar"},
    {"numpy.core.numeric", "_frombuffer"},
    {"numpy._core.numeric", "_frombuffer"},
    {"numpy.ma.core", "_mareconstruct MaskedArray"},
    {"numpy",
     "ndarray dtype generic bool_ bool float16 float32 float64 longdouble int8 int16 int32 int64 uint8 uint16 uint32 "
     "uint64 longlong ulonglong complex64 complex128 str_ bytes_ void object_ datetime64 timedelta64"},
    {"numpy.dtypes",
     "BoolDType Int8DType Int16DType Int32DType Int64DType UInt8DType UInt16DType UInt32DType UInt64DType Float16DType "
     "Float32DType Float64DType LongDoubleDType Complex64DType Complex128DType StrDType BytesDType VoidDType "
     "ObjectDType DateTime64DType TimeDelta64DType"},
    {"joblib.numpy_pickle", "NumpyArrayWrapper"},
    {"ml_dtypes",
     "bfloat16 float8_e4m3 float8_e4m3fn float8_e4m3fnuz float8_e4m3b11fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu "
     "float6_e2m3fn float6_e3m2fn float4_e2m1fn int2 int4 uint2 uint4"},
};

/// Names that act, of modules that also hold harmless ones.
constexpr Names k_acting[] = {
    {"builtins",
     "eval exec compile open __import__ getattr setattr delattr globals locals vars breakpoint input apply execfile "
     "file reload exit quit help"},
    {"__builtin__",
     "eval exec compile open __import__ getattr setattr delattr globals locals vars apply execfile file reload input "
     "raw_input"},
    {"operator", "attrgetter methodcaller itemgetter call"},
    {"_operator", "attrgetter methodcaller itemgetter call"},
    {"functools", "partial partialmethod reduce"},
    {"_functools", "partial reduce"},
    {"io", "open open_code FileIO"},
    {"_io", "open open_code FileIO"},
    {"codecs", "open"},
    {"logging", "FileHandler"},
    {"uuid", "_get_command_stdout _popen"},
    {"torch", "load compile"},
    {"torch.serialization", "load"},
    {"torch.utils.collect_env", "run"},
    {"torch.utils._config_module", "ConfigModule.load_config"},
    {"numpy", "load fromfile loadtxt genfromtxt save savetxt memmap"},
    {"numpy.lib.npyio", "load NpzFile"},
    {"numpy.lib._npyio_impl", "load NpzFile"},
    {"joblib", "load"},
    {"pandas", "read_pickle"},
    {"copyreg", "add_extension pickle"},
};

/// Modules of which nothing has a place in a weight file; their submodules count too.
constexpr std::string_view k_acting_modules =
    "os posix nt ntpath posixpath sys subprocess _posixsubprocess commands popen2 pty runpy importlib "
    "_frozen_importlib _frozen_importlib_external imp pkgutil pkg_resources zipimport socket _socket socketserver "
    "ssl select selectors asyncio http httplib urllib urllib2 urllib3 requests aiohttp httpx ftplib smtplib "
    "poplib imaplib nntplib telnetlib xmlrpc shutil tempfile fileinput linecache difflib mmap ctypes _ctypes cffi "
    "marshal types pickle _pickle cPickle pickletools dill cloudpickle shelve jsonpickle code codeop bdb pdb "
    "trace timeit profile cProfile doctest unittest test pydoc idlelib lib2to3 distutils setuptools ensurepip "
    "venv pip site sysconfig platform atexit signal gc threading _thread thread multiprocessing concurrent "
    "webbrowser antigravity turtle tkinter _pyrepl _osx_support _aix_support _interpreters _xxsubinterpreters "
    "winreg _winapi msvcrt sqlite3 dbm logging.config IPython paramiko fabric psutil torch.hub torch.jit "
    "torch._dynamo torch._inductor torch.fx torch.package torch.ops torch._ops torch.classes torch.export "
    "torch._export torch.testing torch.multiprocessing torch.distributed.rpc torch.distributed.elastic "
    "torch.distributed.launch torch.distributed.run torch.utils.bottleneck torch.utils.cpp_extension "
    "torch.utils.data.datapipes numpy.testing numpy.f2py numpy.distutils numpy.ctypeslib";

/// Parts of dotted names that lead from a harmless object to whatever one wants.
constexpr std::string_view k_acting_parts =
    "__globals__ __builtins__ __dict__ __class__ __bases__ __mro__ __subclasses__ __getattribute__ __getattr__ "
    "__code__ __init__ __call__ __reduce__ __reduce_ex__ __import__ __loader__ __spec__ system popen eval exec "
    "execfile write_text write_bytes unlink rmdir load_module import_module";

/// True for a module of the list and for all that lies in it.
bool in_acting_module(std::string_view module) {
  for (auto dot = module.find('.'); dot != std::string_view::npos; dot = module.find('.', dot + 1)) {
    if (lists(k_acting_modules, module.substr(0, dot))) {
      return true;
    }
  }
  return lists(k_acting_modules, module);
}

/// `pathlib` with `os.system`: attributes of attributes, which protocol 4 resolves.
bool leads_to_acting(std::string_view dotted) {
  while (!dotted.empty()) {
    const auto part = dotted.substr(0, dotted.find('.'));
    if (in_acting_module(part) || lists(k_acting_parts, part)) {
      return true;
    }
    dotted.remove_prefix(std::min(part.size() + 1, dotted.size()));
  }
  return false;
}

bool is_torch_type(const GlobalName& name) {
  const std::string_view plain = name.name;
  const bool cpu_or_cuda = name.module == "torch" || name.module == "torch.cuda";
  const bool sparse = name.module == "torch.sparse" || name.module == "torch.cuda.sparse";
  return (name.module == "torch" && torch_dtype(plain) != nullptr) ||
         (cpu_or_cuda && dtype_of_storage(plain) != nullptr) ||
         ((cpu_or_cuda || sparse) && plain != "Tensor" && is_tensor_class(plain));
}

/// Beside torch's dtypes, storages and tensor classes.
constexpr Names k_weights_only[] = {
    {"collections", "OrderedDict Counter"},
    {"builtins", "bytearray set complex"},
    {"_codecs", "encode"},
    {"torch.nn.parameter", "Parameter"},
    {"torch.serialization", "_get_layout"},
    {"torch",
     "Size Tensor device per_tensor_affine per_tensor_symmetric per_channel_affine per_channel_symmetric "
     "per_channel_affine_float_qparams"},
    {"torch.storage", "TypedStorage UntypedStorage"},
    {"torch._utils",
     "_rebuild_parameter _rebuild_parameter_with_state _rebuild_qtensor _rebuild_tensor _rebuild_tensor_v2 "
     "_rebuild_tensor_v3 _rebuild_sparse_tensor _rebuild_meta_tensor_no_storage _rebuild_wrapper_subclass "
     "_rebuild_device_tensor_from_numpy _rebuild_device_tensor_from_cpu_tensor"},
    {"torch._tensor", "_rebuild_from_type_v2"},
};

/// Classes that torch makes for the CPU only: torch.cuda has no quantised storages.
bool is_loaded_torch_type(const GlobalName& name) {
  const std::string_view plain = name.name;
  if (name.module == "torch.cuda" && plain.starts_with("Q")) {
    return false;
  }
  const bool second_name = name.module == "torch" && torch_dtype(plain) != nullptr && torch_dtype(plain)->name != plain;
  const auto* storage = plain.ends_with("Tensor")
                            ? dtype_of_storage(std::string(plain.substr(0, plain.size() - 6)) + "Storage")
                            : nullptr;
  const bool no_tensor = storage != nullptr && (info(storage->dtype).kind == DtypeKind::complex ||
                                                info(storage->dtype).kind == DtypeKind::quantised);
  const bool no_sparse = name.module.ends_with("sparse") && plain == "BoolTensor";
  return is_torch_type(name) && !second_name && !no_tensor && !no_sparse;
}

}  // namespace

PickleVerdict judge(const GlobalName& name) {
  if (lists(k_inert, name) || is_torch_type(name)) {
    return PickleVerdict::inert;
  }
  const bool dotted = name.name.find('.') != std::string::npos;
  const bool acts = name.computed || lists(k_acting, name) || in_acting_module(name.module) ||
                    (dotted && leads_to_acting(name.name)) || lists(k_acting_parts, name.name);
  return acts ? PickleVerdict::dangerous : PickleVerdict::unknown;
}

bool weights_only_allows(const GlobalName& name) { return lists(k_weights_only, name) || is_loaded_torch_type(name); }

}  // namespace upinspect::pickle
