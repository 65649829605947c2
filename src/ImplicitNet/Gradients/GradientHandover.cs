using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// What a backward pass gives back to the native side, which takes references of its own from the handles once the call has
/// returned: they are kept until the next one on the same thread, and released then.
/// </summary>
/// <remarks>
/// Left to the garbage collector, which sees a few bytes, they would hold a device's memory: a device's passes run on a
/// thread of their own, where no dispose scope is open.
/// </remarks>
internal static class GradientHandover
{
    // A node that differentiates something within it begins a backward pass in a backward pass. Layers in layers and higher derivatives
    // nest a few; beyond 60 libtorch's engine goes on with another thread, and waits for ever where that one needs what this one holds.
    private const int DeepestNesting = 32;

    [ThreadStatic]
    private static Tensor?[]? _last;

    [ThreadStatic]
    private static int _depth;

    [ThreadStatic]
    private static bool _isTooDeep;

    /// <summary>
    /// Runs what a node does in the backward pass. Native code called the node, and an exception that goes back there ends the
    /// process: it ends up in the report, and gradients of NaN go back.
    /// </summary>
    /// <param name="gradient">What came to the node; a handle of nothing where nothing did. Disposed.</param>
    /// <param name="report">Told of a failure; null: nobody is.</param>
    /// <param name="count">Arguments of the function.</param>
    /// <param name="backward">Gives a gradient for each argument, null for none.</param>
    /// <param name="failed">The same of NaN, when the other threw.</param>
    [SuppressMessage("Design", "CA1031", Justification = "An exception that leaves here ends the process.")]
    public static List<Tensor> Run(
        Tensor gradient, GradientReport? report, int count, Func<Tensor?[]> backward, Func<Tensor?[]> failed)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor?[] gradients = new Tensor?[count];
        if (!gradient.IsInvalid)
        {
            try
            {
                gradients = Nested(backward);
            }
            catch (Exception exception)
            {
                report?.Failed(exception);
                try
                {
                    gradients = failed();
                }
                catch (Exception)
                {
                    // Without memory for a NaN nothing goes back; the report has the failure.
                }
            }
        }

        foreach (Tensor? each in gradients)
        {
            each?.MoveToOuterDisposeScope();
        }

        gradient.Dispose();
        return Keep(gradients);
    }

    /// <summary>Runs it unless a pass has come back to itself too often; then no pass around it does anything more.</summary>
    private static Tensor?[] Nested(Func<Tensor?[]> backward)
    {
        _isTooDeep |= _depth >= DeepestNesting;
        if (_isTooDeep)
        {
            throw new InvalidOperationException(
                $"The backward pass came back to itself {DeepestNesting} times: the map keeps the graph of an earlier evaluation, perhaps. "
                + "Detach what it keeps.");
        }

        _depth++;
        try
        {
            return backward();
        }
        finally
        {
            _depth--;
            _isTooDeep &= _depth > 0;
        }
    }

    /// <summary>Keeps the gradients, and lets go of those of the call before.</summary>
    /// <param name="gradients">One for each argument of the function; null for none. No longer the caller's.</param>
    private static List<Tensor> Keep(Tensor?[] gradients)
    {
        Tensor?[]? before = _last;
        _last = gradients;
        foreach (Tensor? gradient in before ?? [])
        {
            gradient?.Dispose();
        }

        return [.. gradients.Select(gradient => gradient!)];
    }
}
