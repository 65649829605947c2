using System.Runtime.CompilerServices;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Flows;

/// <summary>
/// The times of a flow: the first is the start, the last the end, and at all of them the state is asked for. Rising or falling; the same
/// for all samples, or each sample's own. Times are float64, whatever the dtype of the state.
/// </summary>
/// <remarks>
/// A flow takes the steps that its tolerance allows and reads the states in between off its interpolant, so that times asked for cost no
/// evaluations and change no step. Where two are equal, so are their states.
/// </remarks>
/// <example>
/// <code>
/// FlowTimes year = FlowTimes.Between(0, 365);
/// FlowTimes days = FlowTimes.At([0, 1, 2, 3]);
/// FlowTimes own = FlowTimes.Of(times);      // [count] or [batch, count], perhaps in a graph
/// </code>
/// </example>
public sealed class FlowTimes
{
    private readonly double[] _values;
    private readonly int _rows;

    private FlowTimes(double[] values, int rows, int count, Tensor? source)
    {
        (_values, _rows, Count, Source) = (values, rows, count, source);
        Ensure();
    }

    /// <summary>Times for each sample, the start and the end among them; at least two.</summary>
    public int Count { get; }

    /// <summary>The tensor that they were made of; null if they are numbers.</summary>
    internal Tensor? Source { get; }

    /// <summary>Whether every sample has times of its own.</summary>
    internal bool IsPerSample => _rows > 1 || Source is { ndim: 2 };

    /// <summary>From one time to another, the same for all samples.</summary>
    /// <param name="from">Where it starts; finite.</param>
    /// <param name="to">Where it ends; finite, above or below <paramref name="from"/>.</param>
    public static FlowTimes Between(double from, double to) => new([from, to], 1, 2, null);

    /// <summary>Several times, the same for all samples.</summary>
    /// <param name="times">At least two, finite, none before or none after the one before it.</param>
    public static FlowTimes At(params ReadOnlySpan<double> times) => new(times.ToArray(), 1, times.Length, null);

    /// <summary>Times in a tensor, to which gradients go back where it requires them.</summary>
    /// <param name="times">
    /// [count] for all samples, or [batch, count] with each sample's own: float64, at least two, rising or falling in every row; rows may
    /// differ in direction. The caller keeps it.
    /// </param>
    /// <exception cref="ArgumentException">It is another shape or dtype, not finite, or a row both rises and falls.</exception>
    public static FlowTimes Of(Tensor times)
    {
        if (TensorCheck.HasFault(times, out string? fault))
        {
            throw new ArgumentException($"The tensor of times {fault}.", nameof(times));
        }

        if (times.dtype != ScalarType.Float64 || times.ndim is not (1 or 2) || times.shape[^1] < 2)
        {
            throw new ArgumentException(
                $"Times are [count] or [batch, count], float64, with a count of at least 2. Given: {TensorCheck.Describe(times)}.",
                nameof(times));
        }

        using DisposeScope scope = NewDisposeScope();
        double[] values = [.. times.detach().cpu().contiguous().data<double>()];
        return new FlowTimes(values, times.ndim == 1 ? 1 : (int)times.shape[0], (int)times.shape[^1], times);
    }

    /// <summary>The same times as they are now: those in a tensor may have been changed since, by an optimizer for example.</summary>
    internal FlowTimes Now() => Source is null || Source.IsInvalid ? this : Of(Source);

    /// <summary>The time of a sample.</summary>
    /// <param name="sample">Its position in the batch.</param>
    /// <param name="index">Which of its times.</param>
    internal double this[int sample, int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _values[((_rows == 1 ? 0 : sample) * Count) + index];
    }

    /// <summary>Refuses times of another number of samples.</summary>
    internal void EnsureBatch(long batch)
    {
        if (IsPerSample && _rows != batch)
        {
            throw new ArgumentException($"Times are for {_rows} samples, and the start has {batch}.");
        }
    }

    private void Ensure()
    {
        if (Count < 2)
        {
            throw new ArgumentException($"A flow needs at least two times, its start and its end. Given: {Count}.");
        }

        for (int row = 0; row < _rows; row++)
        {
            ReadOnlySpan<double> times = _values.AsSpan(row * Count, Count);
            double direction = times[^1] - times[0];
            for (int index = 0; index < Count; index++)
            {
                if (!double.IsFinite(times[index]))
                {
                    throw new ArgumentException($"Times must be finite. Time {index} is {times[index]}.");
                }

                double move = index == 0 ? 0 : times[index] - times[index - 1];
                if (move * direction < 0 || (direction == 0 && move != 0))
                {
                    throw new ArgumentException(
                        $"Times must rise or fall. From {times[0]} to {times[^1]} they come from {times[index - 1]} to {times[index]} at "
                        + $"place {index}.");
                }
            }
        }
    }
}
