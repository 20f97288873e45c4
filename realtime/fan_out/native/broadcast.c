/* `send_many` as realtime/fan_out/broadcast.py describes it, for machines with a compiler.
 *
 * The GIL is kept: nothing here waits. Yet an allocation may run finalisers, which may change what the arrays
 * hold: so a slot is checked again where it is used. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#ifndef MSG_NOSIGNAL /* macOS has none, and Python ignores SIGPIPE */
#define MSG_NOSIGNAL 0
#endif

static int open_ints(PyObject *object, Py_buffer *view)
{
    if (PyObject_GetBuffer(object, view, PyBUF_ND | PyBUF_FORMAT | PyBUF_WRITABLE) == 0) {
        if (view->ndim == 1 && view->itemsize == sizeof(int) && view->format && !strcmp(view->format, "i"))
            return 0;
        PyBuffer_Release(view);
    }
    PyErr_SetString(PyExc_TypeError, "descriptors and slots must each be an array('i')");
    return -1;
}

static int check_batch(PyObject *batch, Py_ssize_t descriptors)
{
    Py_buffer slots;
    if (!PyTuple_Check(batch) || PyTuple_GET_SIZE(batch) != 2 || !PyBytes_Check(PyTuple_GET_ITEM(batch, 1))) {
        PyErr_SetString(PyExc_TypeError, "a batch must be a tuple of slots and bytes");
        return -1;
    }
    if (open_ints(PyTuple_GET_ITEM(batch, 0), &slots) < 0)
        return -1;
    const int *slot = slots.buf, *end = slot + slots.shape[0];
    while (slot < end && *slot >= 0 && *slot < descriptors)
        slot++;
    if (slot < end)
        PyErr_Format(PyExc_IndexError, "slot %d is not one of the %zd that there are", *slot, descriptors);
    PyBuffer_Release(&slots);
    return slot < end ? -1 : 0;
}

static Py_ssize_t send_now(int descriptor, PyObject *data)
{
    Py_ssize_t sent;
    if (descriptor < 0)
        return 0;
    do
        sent = send(descriptor, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent >= 0 ? sent : errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
}

static int send_batch(const Py_buffer *descriptors, PyObject *batch, Py_ssize_t index, PyObject *unfinished)
{
    Py_buffer slots;
    PyObject *data = PyTuple_GET_ITEM(batch, 1);
    int failed = 0, nowhere = -1;
    if (open_ints(PyTuple_GET_ITEM(batch, 0), &slots) < 0)
        return -1;
    for (Py_ssize_t i = 0; i < slots.shape[0] && !failed; i++) {
        int slot = ((const int *)slots.buf)[i];
        int *target = slot >= 0 && slot < descriptors->shape[0] ? (int *)descriptors->buf + slot : &nowhere;
        Py_ssize_t written = send_now(*target, data);
        if (written < PyBytes_GET_SIZE(data)) {
            *target = -1;
            PyObject *entry = Py_BuildValue("nin", index, slot, written);
            failed = entry == NULL || PyList_Append(unfinished, entry) < 0;
            Py_XDECREF(entry);
        }
    }
    PyBuffer_Release(&slots);
    return failed ? -1 : 0;
}

static PyObject *send_many(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count)
{
    Py_buffer descriptors;
    if (count != 2 || !PyList_Check(arguments[1]))
        return PyErr_Format(PyExc_TypeError, "send_many takes descriptors and a list of batches");
    if (open_ints(arguments[0], &descriptors) < 0)
        return NULL;
    /* A tuple of our own, because a finaliser could change the list as well. */
    PyObject *batches = PyList_AsTuple(arguments[1]), *unfinished = batches ? PyList_New(0) : NULL;
    int failed = unfinished == NULL;
    for (Py_ssize_t i = 0; !failed && i < PyTuple_GET_SIZE(batches); i++)
        failed = check_batch(PyTuple_GET_ITEM(batches, i), descriptors.shape[0]) < 0;
    for (Py_ssize_t i = 0; !failed && i < PyTuple_GET_SIZE(batches); i++)
        failed = send_batch(&descriptors, PyTuple_GET_ITEM(batches, i), i, unfinished) < 0;
    if (failed)
        Py_CLEAR(unfinished);
    Py_XDECREF(batches);
    PyBuffer_Release(&descriptors);
    return unfinished;
}

static PyMethodDef methods[] = {{"send_many", (PyCFunction)(void *)send_many, METH_FASTCALL, NULL}, {0}};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, .m_name = "_jobcast_broadcast", .m_methods = methods};
PyMODINIT_FUNC PyInit__jobcast_broadcast(void) { return PyModuleDef_Init(&def); }
