using System.Buffers;
using System.Numerics;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Anderson;

/// <summary>
/// On the processor, sample by sample: all that a step does to one sample's rows is done while they are in the cache, instead of in a dozen
/// passes over the rows of all samples.
/// </summary>
/// <typeparam name="T">The element type of the latents.</typeparam>
internal sealed class HostSecantHistory<T>(AndersonSolver options) : SecantHistory
    where T : unmanaged, IFloatingPointIeee754<T>
{
    // Samples that a thread takes at a time, at most: some tens of microseconds.
    private const int MostSamples = 8;

    private readonly int _memory = options.Memory;
    private int _steps;

    // Where in the tensors below the samples still in the batch are.
    private int[] _places = [];

    // All that is held of a sample is in units of two to this: 0 where its squares are far within the range of float64.
    private int[] _exponents = [];
    private Tensor? _lastLatent;
    private Tensor? _lastResidual;

    // [batch, memory, n]; slots beyond the number of steps hold anything.
    private Tensor? _latents;
    private Tensor? _residuals;

    /// <inheritdoc/>
    public override (Tensor Next, bool[] Rejected) Advance(Tensor latent, Tensor mapped, IReadOnlyList<ISecantChoice> choices)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor next = empty(latent.shape, latent.dtype);
        Tensor latents = latent.contiguous(), values = mapped.contiguous();
        bool[] rejected = _lastLatent is null ? Begin(latents, values, next, choices) : Continue(latents, values, next, choices);
        return (next.MoveToOuterDisposeScope(), rejected);
    }

    /// <inheritdoc/>
    public override double Dependence(Precision precision) => precision.SumDependence;

    /// <inheritdoc/>
    public override void Restrict(Tensor samples)
    {
        // What is held stays where it is: copying it would cost as much as a step.
        if (_lastLatent is not null)
        {
            int[] places = _places;
            _places = [.. samples.cpu().data<long>().Select(position => places[position])];
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _lastLatent?.Dispose();
        _lastResidual?.Dispose();
        _latents?.Dispose();
        _residuals?.Dispose();
    }

    private bool[] Begin(Tensor latent, Tensor mapped, Tensor next, IReadOnlyList<ISecantChoice> choices)
    {
        (int count, int size) = ((int)latent.shape[0], (int)latent.shape[1]);
        _places = [.. Enumerable.Range(0, count)];
        _exponents = new int[count];
        _lastLatent = Empty(count, size);
        _lastResidual = Empty(count, size);
        _latents = Empty(count, _memory, size);
        _residuals = Empty(count, _memory, size);
        Rows latents = new(latent), values = new(mapped), nexts = new(next), lastLatents = new(_lastLatent),
        lastResiduals = new(_lastResidual);
        ForEach(count, size, arrays: 5, (first, last) =>
        {
            for (int sample = first; sample < last; sample++)
            {
                SecantRows<T> rows = new(options)
                {
                    Latent = latents[sample],
                    Mapped = values[sample],
                    Next = nexts[sample],
                    LastLatent = lastLatents[sample],
                    LastResidual = lastResiduals[sample],
                };
                choices[sample].Begin(rows.Begin(out _exponents[sample]));
            }
        });
        return [];
    }

    private bool[] Continue(Tensor latent, Tensor mapped, Tensor next, IReadOnlyList<ISecantChoice> choices)
    {
        int newest = _steps++ % _memory;
        int filled = Math.Min(_steps, _memory);
        (int count, int size) = ((int)latent.shape[0], (int)latent.shape[1]);
        bool[] rejected = new bool[count];
        Rows latents = new(latent), values = new(mapped), nexts = new(next), lastLatents = new(_lastLatent!),
        lastResiduals = new(_lastResidual!);
        Rows latentSlots = new(_latents!), residualSlots = new(_residuals!);
        ForEach(count, size, arrays: 5 + (2 * filled), (first, last) =>
        {
            T[] memory = ArrayPool<T>.Shared.Rent(3 * size);
            for (int sample = first; sample < last; sample++)
            {
                int place = _places[sample];
                SecantRows<T> rows = new(options)
                {
                    Latent = latents[sample],
                    Mapped = values[sample],
                    Next = nexts[sample],
                    LastLatent = lastLatents[place],
                    LastResidual = lastResiduals[place],
                    LatentSlots = latentSlots.From(place * _memory, filled),
                    ResidualSlots = residualSlots.From(place * _memory, filled),
                };
                rejected[sample] = !rows.Continue(newest, _exponents[place], choices[sample], memory);
            }

            ArrayPool<T>.Shared.Return(memory);
        });
        return rejected.Contains(true) ? rejected : [];
    }

    /// <summary>Calls a body for all samples, some at a time, on torch's threads.</summary>
    private static void ForEach(int count, int size, int arrays, Action<int, int> body)
    {
        int samples = Math.Clamp(count / (4 * get_num_threads()), 1, MostSamples);
        ThreadTeam.Run(
            (count + samples - 1) / samples, (long)count * size * arrays, portion =>
                body(portion * samples, Math.Min(count, (portion + 1) * samples)));
    }

    private static Tensor Empty(params ReadOnlySpan<long> shape) =>
        empty(shape, typeof(T) == typeof(float) ? ScalarType.Float32 : ScalarType.Float64).DetachFromDisposeScope();

    /// <summary>A contiguous tensor as rows of its last dimension.</summary>
    private readonly struct Rows(Tensor tensor)
    {
        private readonly TensorMemory<T> _values = new(tensor);
        private readonly int _size = (int)tensor.shape[^1];

        public Span<T> this[int row] => From(row, 1);

        public Span<T> From(int row, int count) => _values.Slice(row * _size, count * _size);
    }
}
