using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// On the processor, sample by sample: all that a step does to one sample's rows is done while they are in the cache, instead of in a dozen
/// passes over the rows of all samples.
/// </summary>
/// <typeparam name="T">The element type of the latents.</typeparam>
internal sealed class HostSecantHistory<T>(AndersonSolver options) : SecantHistory
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly int _memory = options.Memory;
    private readonly T _mixing = T.CreateChecked(options.Mixing);
    private int _steps;
    private Tensor? _lastLatent;
    private Tensor? _lastResidual;

    // [batch, memory, n]; slots beyond the number of steps hold anything.
    private Tensor? _latents;
    private Tensor? _residuals;

    /// <inheritdoc/>
    public override (Tensor Next, bool[] Rejected) Advance(Tensor latent, Tensor mapped, ISecantChoice choice)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor next = empty(latent.shape, latent.dtype);
        Rows latents = Rows.Of(latent.contiguous()), images = Rows.Of(mapped.contiguous());
        bool[] rejected = _lastLatent is null
            ? Begin(latents, images, Rows.Of(next), choice)
            : Continue(latents, images, Rows.Of(next), choice);
        return (next.MoveToOuterDisposeScope(), rejected);
    }

    /// <inheritdoc/>
    public override void Restrict(Tensor samples)
    {
        Select(ref _lastLatent, samples);
        Select(ref _lastResidual, samples);
        Select(ref _latents, samples);
        Select(ref _residuals, samples);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _lastLatent?.Dispose();
        _lastResidual?.Dispose();
        _latents?.Dispose();
        _residuals?.Dispose();
    }

    private bool[] Begin(Rows latents, Rows images, Rows next, ISecantChoice choice)
    {
        _lastLatent = Empty(latents.Count, latents.Size);
        _lastResidual = Empty(latents.Count, latents.Size);
        _latents = Empty(latents.Count, _memory, latents.Size);
        _residuals = Empty(latents.Count, _memory, latents.Size);
        Rows lastLatents = Rows.Of(_lastLatent), lastResiduals = Rows.Of(_lastResidual);
        for (int sample = 0; sample < latents.Count; sample++)
        {
            double squares = SecantKernels<T>.Subtract(images[sample], latents[sample], lastResiduals[sample]);
            latents[sample].CopyTo(lastLatents[sample]);
            choice.Begin(sample, Math.Sqrt(squares));
            SecantKernels<T>.AddScaled(latents[sample], lastResiduals[sample], _mixing, next[sample]);
        }

        return [];
    }

    private bool[] Continue(Rows latents, Rows images, Rows next, ISecantChoice choice)
    {
        int newest = _steps++ % _memory;
        int filled = Math.Min(_steps, _memory);
        Rows lastLatents = Rows.Of(_lastLatent!), lastResiduals = Rows.Of(_lastResidual!);
        Rows latentSlots = Rows.Of(_latents!), residualSlots = Rows.Of(_residuals!);
        Rows tests = options.Variant.Tests(latentSlots, residualSlots);
        bool[] rejected = [];
        T[] residual = new T[latents.Size];
        Span<double> gamma = stackalloc double[_memory];
        Span<double> numbers = stackalloc double[3 * _memory];
        for (int sample = 0; sample < latents.Count; sample++)
        {
            int first = sample * _memory;
            Span<T> newResidual = residualSlots[first + newest];
            double norm = Math.Sqrt(SecantKernels<T>.Subtract(images[sample], latents[sample], residual));
            SecantKernels<T>.Subtract(latents[sample], lastLatents[sample], latentSlots[first + newest]);
            SecantKernels<T>.Subtract(residual, lastResiduals[sample], newResidual);
            for (int slot = 0; slot < filled; slot++)
            {
                (numbers[slot], numbers[_memory + slot]) = SecantKernels<T>.Products(tests[first + slot], newResidual, residual);
            }

            Span<double> newByResiduals = numbers[(2 * _memory)..];
            numbers[..filled].CopyTo(newByResiduals);
            for (int slot = 0; slot < filled && !options.Variant.IsSymmetric; slot++)
            {
                (newByResiduals[slot], _) = SecantKernels<T>.Products(residualSlots[first + slot], tests[first + newest], residual);
            }

            gamma.Clear();
            SecantProducts products = new()
            {
                Newest = newest,
                TestsByNew = numbers[.._memory],
                TestsByResidual = numbers.Slice(_memory, _memory),
                NewByResiduals = newByResiduals,
                Norm = norm,
            };
            if (choice.TryChoose(sample, products, gamma))
            {
                latents[sample].CopyTo(lastLatents[sample]);
                residual.CopyTo(lastResiduals[sample]);
            }
            else
            {
                rejected = rejected.Length > 0 ? rejected : new bool[latents.Count];
                rejected[sample] = true;
            }

            SecantKernels<T>.AddScaled(lastLatents[sample], lastResiduals[sample], _mixing, next[sample]);
            for (int slot = 0; slot < filled; slot++)
            {
                if (gamma[slot] != 0)
                {
                    T own = T.CreateChecked(gamma[slot]);
                    SecantKernels<T>.SubtractScaled(next[sample], latentSlots[first + slot], own, residualSlots[first + slot], own * _mixing);
                }
            }
        }

        return rejected;
    }

    private static Tensor Empty(params ReadOnlySpan<long> shape) =>
        empty(shape, typeof(T) == typeof(float) ? ScalarType.Float32 : ScalarType.Float64).DetachFromDisposeScope();

    private static void Select(ref Tensor? held, Tensor samples)
    {
        if (held is not null)
        {
            using Tensor before = held;
            held = before.index_select(0, samples).DetachFromDisposeScope();
        }
    }

    /// <summary>A contiguous tensor as rows of its last dimension.</summary>
    private readonly ref struct Rows
    {
        private readonly Span<T> _values;

        private Rows(Span<T> values, int count, int size)
        {
            _values = values;
            Count = count;
            Size = size;
        }

        public int Count { get; }

        public int Size { get; }

        public Span<T> this[int row] => _values.Slice(row * Size, Size);

        public static Rows Of(Tensor tensor)
        {
            int size = (int)tensor.shape[^1];
            return new Rows(MemoryMarshal.Cast<byte, T>(tensor.bytes), size == 0 ? 0 : (int)(tensor.numel() / size), size);
        }
    }
}
