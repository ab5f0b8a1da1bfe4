# Every .mlir file under tests/ is a test: what its RUN lines say.
import os

import lit.formats

config.name = "heed"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.build, "tests", "lit")
config.environment["PATH"] = os.pathsep.join([config.tools, config.llvm_tools, os.environ["PATH"]])
