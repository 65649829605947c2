using System.Numerics;
using ImplicitNet.Kernels;
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
    // Numbers that a thread takes at a time: some microseconds.
    private const int Portion = 1 << 15;

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
        Tensor latents = latent.contiguous(), images = mapped.contiguous();
        bool[] rejected = _lastLatent is null ? Begin(latents, images, next, choice) : Continue(latents, images, next, choice);
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

    private bool[] Begin(Tensor latent, Tensor mapped, Tensor next, ISecantChoice choice)
    {
        (int count, int size) = ((int)latent.shape[0], (int)latent.shape[1]);
        _lastLatent = Empty(count, size);
        _lastResidual = Empty(count, size);
        _latents = Empty(count, _memory, size);
        _residuals = Empty(count, _memory, size);
        Rows latents = new(latent), images = new(mapped), nexts = new(next), lastLatents = new(_lastLatent), lastResiduals = new(_lastResidual);
        ForEach(count, size, arrays: 5, (first, last) =>
        {
            for (int sample = first; sample < last; sample++)
            {
                double squares = SecantKernels<T>.Subtract(images[sample], latents[sample], lastResiduals[sample]);
                latents[sample].CopyTo(lastLatents[sample]);
                choice.Begin(sample, Math.Sqrt(squares));
                SecantKernels<T>.AddScaled(latents[sample], lastResiduals[sample], _mixing, nexts[sample]);
            }
        });
        return [];
    }

    private bool[] Continue(Tensor latent, Tensor mapped, Tensor next, ISecantChoice choice)
    {
        int newest = _steps++ % _memory;
        int filled = Math.Min(_steps, _memory);
        (int count, int size) = ((int)latent.shape[0], (int)latent.shape[1]);
        bool[] rejected = new bool[count];
        Rows latents = new(latent), images = new(mapped), nexts = new(next), lastLatents = new(_lastLatent!), lastResiduals = new(_lastResidual!);
        Rows latentSlots = new(_latents!), residualSlots = new(_residuals!);
        ForEach(count, size, arrays: 5 + (4 * filled), (first, last) =>
        {
            T[] residual = new T[size];
            Span<double> gamma = stackalloc double[_memory];
            Span<double> numbers = stackalloc double[3 * _memory];
            for (int sample = first; sample < last; sample++)
            {
                double norm = Math.Sqrt(SecantKernels<T>.Subtract(images[sample], latents[sample], residual));
                int newSlot = (sample * _memory) + newest;
                SecantKernels<T>.Subtract(latents[sample], lastLatents[sample], latentSlots[newSlot]);
                SecantKernels<T>.Subtract(residual, lastResiduals[sample], residualSlots[newSlot]);
                SecantProducts products = Products(sample * _memory, newest, filled, latentSlots, residualSlots, residual, norm, numbers);
                gamma.Clear();
                if (choice.TryChoose(sample, products, gamma))
                {
                    latents[sample].CopyTo(lastLatents[sample]);
                    residual.CopyTo(lastResiduals[sample]);
                }
                else
                {
                    rejected[sample] = true;
                }

                SecantKernels<T>.AddScaled(lastLatents[sample], lastResiduals[sample], _mixing, nexts[sample]);
                for (int slot = 0; slot < filled; slot++)
                {
                    if (gamma[slot] != 0)
                    {
                        T own = T.CreateChecked(gamma[slot]);
                        int place = (sample * _memory) + slot;
                        SecantKernels<T>.SubtractScaled(nexts[sample], latentSlots[place], own, residualSlots[place], own * _mixing);
                    }
                }
            }
        });
        return rejected.Contains(true) ? rejected : [];
    }

    private SecantProducts Products(
        int first, int newest, int filled, Rows latentSlots, Rows residualSlots, ReadOnlySpan<T> residual, double norm, Span<double> numbers)
    {
        Rows tests = options.Variant.Tests(latentSlots, residualSlots);
        Span<double> byNew = numbers[.._memory], byResidual = numbers.Slice(_memory, _memory), newByResiduals = numbers[(2 * _memory)..];
        for (int slot = 0; slot < filled; slot++)
        {
            (byNew[slot], byResidual[slot]) = SecantKernels<T>.Products(tests[first + slot], residualSlots[first + newest], residual);
        }

        byNew[..filled].CopyTo(newByResiduals);
        for (int slot = 0; slot < filled && !options.Variant.IsSymmetric; slot++)
        {
            (newByResiduals[slot], _) = SecantKernels<T>.Products(residualSlots[first + slot], tests[first + newest], residual);
        }

        return new SecantProducts { Newest = newest, TestsByNew = byNew, TestsByResidual = byResidual, NewByResiduals = newByResiduals, Norm = norm };
    }

    /// <summary>Calls a body for all samples, some at a time, on torch's threads.</summary>
    private static void ForEach(int count, int size, int arrays, Action<int, int> body)
    {
        int samples = Math.Max(1, Portion / Math.Max(1, size * arrays));
        ThreadTeam.Run(
            (count + samples - 1) / samples, (long)count * size * arrays, portion => body(portion * samples, Math.Min(count, (portion + 1) * samples)));
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
    private readonly struct Rows(Tensor tensor)
    {
        private readonly TensorMemory<T> _values = new(tensor);
        private readonly int _size = (int)tensor.shape[^1];

        public Span<T> this[int row] => _values.Slice(row * _size, _size);
    }
}
