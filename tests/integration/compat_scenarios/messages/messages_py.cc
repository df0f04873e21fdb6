// SPDX-License-Identifier: MIT
// A user's own Python module for the message interface, as ns3-ai asks for one.

#include "pair.h"

#include <ns3/ai-module.h>

#include <pybind11/pybind11.h>

namespace py = pybind11;

using Interface = ns3::Ns3AiMsgInterfaceImpl<Sent, Answer>;

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
            [](Vector& vector, std::size_t i) ->
            typename Vector::value_type& { return vector.at(i); },
            py::return_value_policy::reference);
}

PYBIND11_MODULE(messages_py, m)
{
    py::class_<Sent>(m, "Sent")
        .def_readwrite("a", &Sent::a)
        .def_readwrite("b", &Sent::b)
        .def("c", [](const Sent& sent, std::size_t i) { return sent.c.at(i); });
    py::class_<Answer>(m, "Answer")
        .def_readwrite("sum", &Answer::sum)
        .def_readwrite("turn", &Answer::turn);
    BindVector<Interface::Cpp2PyMsgVector>(m, "SentVector");
    BindVector<Interface::Py2CppMsgVector>(m, "AnswerVector");
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
        .def("GetCpp2PyStruct",
             &Interface::GetCpp2PyStruct,
             py::return_value_policy::reference_internal)
        .def("GetPy2CppStruct",
             &Interface::GetPy2CppStruct,
             py::return_value_policy::reference_internal)
        .def("GetCpp2PyVector",
             &Interface::GetCpp2PyVector,
             py::return_value_policy::reference_internal)
        .def("GetPy2CppVector",
             &Interface::GetPy2CppVector,
             py::return_value_policy::reference_internal);
}
