// SPDX-License-Identifier: MIT
// The Python module of the message forms, as ns3-ai has its users write one.

#include "forms.h"

#include <ns3/ai-module.h>

#include <pybind11/pybind11.h>

namespace py = pybind11;

using Interface = ns3::Ns3AiMsgInterfaceImpl<Summands, Sum>;

PYBIND11_MAKE_OPAQUE(Interface::Cpp2PyMsgVector);
PYBIND11_MAKE_OPAQUE(Interface::Py2CppMsgVector);

template <typename Vector>
void
BindVector(py::module_& m, const char* name)
{
    py::class_<Vector>(m, name)
        .def("resize", static_cast<void (Vector::*)(typename Vector::size_type)>(&Vector::resize))
        .def("__len__", &Vector::size)
        .def(
            "__getitem__",
            [](Vector& vector, uint32_t i) -> typename Vector::value_type& { return vector.at(i); },
            py::return_value_policy::reference);
}

PYBIND11_MODULE(forms_py, m)
{
    py::class_<Summands>(m, "Summands")
        .def_readwrite("a", &Summands::a)
        .def_readwrite("b", &Summands::b);
    py::class_<Sum>(m, "Sum").def_readwrite("c", &Sum::c);
    BindVector<Interface::Cpp2PyMsgVector>(m, "SummandsVector");
    BindVector<Interface::Py2CppMsgVector>(m, "SumVector");
    const auto reference = py::return_value_policy::reference;
    py::class_<Interface>(m, "Ns3AiMsgInterfaceImpl")
        .def(py::init<bool,
                      bool,
                      bool,
                      uint32_t,
                      const char*,
                      const char*,
                      const char*,
                      const char*>())
        .def("PyRecvBegin", &Interface::PyRecvBegin)
        .def("PyRecvEnd", &Interface::PyRecvEnd)
        .def("PySendBegin", &Interface::PySendBegin)
        .def("PySendEnd", &Interface::PySendEnd)
        .def("PyGetFinished", &Interface::PyGetFinished)
        .def("GetCpp2PyStruct", &Interface::GetCpp2PyStruct, reference)
        .def("GetPy2CppStruct", &Interface::GetPy2CppStruct, reference)
        .def("GetCpp2PyVector", &Interface::GetCpp2PyVector, reference)
        .def("GetPy2CppVector", &Interface::GetPy2CppVector, reference);
}
