using System.Globalization;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Differentiation;

/// <summary>
/// Two numbers for every sample of R(u*, q) as it was attached, by which a backward pass that evaluates R again knows whether
/// it still is the same R. Saved variables tell that of the tensors that a map names; this, of all others.
/// </summary>
internal sealed class ValueWitness
{
    // Of a dtype so coarse, or steps so many, that the roundings would excuse anything.
    private const double Largest = 0.05;

    private readonly double[] _sums;
    private readonly double[] _norms;
    private readonly double _tolerance;

    /// <summary>Takes the numbers. Costs two passes over the value.</summary>
    /// <param name="value">[batch, ...].</param>
    /// <param name="growth">What the roundings may have been multiplied by, in several steps that a map may carry apart.</param>
    public ValueWitness(Tensor value, double growth = 1)
    {
        (_sums, _norms) = Numbers(value);
        _tolerance = Math.Min(growth * Precision.Of(value.dtype).SameValue, Largest);
    }

    private ValueWitness(double[] sums, double[] norms, double tolerance) => (_sums, _norms, _tolerance) = (sums, norms, tolerance);

    /// <summary>The witness of some samples.</summary>
    /// <param name="samples">Positions in the batch: [count], int64.</param>
    public ValueWitness Restrict(Tensor samples)
    {
        using Tensor onHost = samples.cpu();
        long[] kept = [.. onHost.data<long>()];
        return new ValueWitness([.. kept.Select(sample => _sums[sample])], [.. kept.Select(sample => _norms[sample])], _tolerance);
    }

    /// <summary>Compares; a sample that is not finite is passed over.</summary>
    /// <param name="value">R(u*, q), evaluated again.</param>
    /// <exception cref="InvalidOperationException">The value of a sample is another.</exception>
    public void EnsureSame(Tensor value)
    {
        (double[] sums, double[] norms) = Numbers(value);
        for (int sample = 0; sample < sums.Length; sample++)
        {
            double apart = Math.Max(Math.Abs(sums[sample] - _sums[sample]), Math.Abs(norms[sample] - _norms[sample])) / _norms[sample];
            if (double.IsFinite(apart) && apart > _tolerance)
            {
                throw new InvalidOperationException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"The map is no longer the one that was attached: its value at sample {sample} has moved by {apart:g2} of its norm. ")
                    + "A tensor that it computes with was modified by an inplace operation between the forward and the backward pass "
                    + "(a step of an optimizer, perhaps), or it draws random numbers. Go backward before anything is changed.");
            }
        }
    }

    private static (double[] Sums, double[] Norms) Numbers(Tensor value)
    {
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        if (value.numel() == 0)
        {
            return ([], []);
        }

        // The order of the elements does not matter, so a permuted view is summed where it lies.
        long[] within = [.. Enumerable.Range(1, (int)value.ndim - 1).Select(dimension => (long)dimension)];
        Tensor detached = value.detach();
        Tensor sums = within.Length == 0 ? detached : detached.sum(within, type: ScalarType.Float64);
        Tensor norms = within.Length == 0 ? detached.abs() : linalg.vector_norm(detached, 2, within);
        return ([.. sums.to(ScalarType.Float64).cpu().data<double>()], [.. norms.to(ScalarType.Float64).cpu().data<double>()]);
    }
}
