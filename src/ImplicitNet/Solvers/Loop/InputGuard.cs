using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Loop;

/// <summary>Copies of a map's inputs, by which it is seen whether an evaluation wrote into one.</summary>
internal sealed class InputGuard : IDisposable
{
    private readonly IReadOnlyList<Tensor> _inputs;
    private readonly Tensor?[] _copies;

    /// <summary>Copies the inputs as they are now.</summary>
    public InputGuard(IReadOnlyList<Tensor> inputs)
    {
        using IDisposable noGraph = no_grad();
        _inputs = inputs;
        _copies = [.. inputs.Select(Copy)];
    }

    /// <summary>Throws when an input has changed since.</summary>
    /// <exception cref="ArgumentException">The map wrote into it.</exception>
    public void ThrowIfChanged()
    {
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        for (int position = 0; position < _copies.Length; position++)
        {
            (Tensor now, Tensor? before) = (_inputs[position].detach(), _copies[position]);
            if (before is not null && !(now.eq(before) | (now.ne(now) & before.ne(before))).all().ToBoolean())
            {
                string what = position == 0 ? "q" : $"input {position}";
                throw new ArgumentException(
                    $"The map wrote into {what} of {TensorCheck.Shape(now)}, so that it is another map at every evaluation. "
                    + "Take operations that do not end in '_' on it, or a clone of it.");
            }
        }
    }

    public void Dispose()
    {
        foreach (Tensor? copy in _copies)
        {
            copy?.Dispose();
        }
    }

    /// <summary>Of a tensor that has elements to compare; null for another.</summary>
    private static Tensor? Copy(Tensor input) =>
        TensorCheck.HasFault(input, out _) ? null : input.detach().clone().DetachFromDisposeScope();
}
