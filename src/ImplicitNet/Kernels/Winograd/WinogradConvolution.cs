using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace ImplicitNet.Kernels.Winograd;

/// <summary>
/// A zero-padded 3 x 3 convolution of stride 1, prepared to be applied many times to samples that are in the cache, with whatever comes
/// after it (see <see cref="IEpilogue"/>) in the same pass. Channels last, float32, no graph.
/// </summary>
/// <remarks>
/// A third of the multiplications of the direct form on images of 9 x 9 (see <see cref="WinogradTile"/>), for two to three times its
/// rounding: 7e-7 of the norm against 3e-7 at 32 channels. A sample's values do not depend on the samples beside it, bit by bit.
/// Immutable; safe to use from several threads.
/// </remarks>
internal sealed class WinogradConvolution
{
    private const int Side = 3;

    // [25, outputs / 16, inputs, 16]
    private readonly float[] _kernel;

    private WinogradConvolution(float[] kernel, int inputs, int outputs) => (_kernel, Inputs, Outputs) = (kernel, inputs, outputs);

    [ThreadStatic]
    private static bool _isPreferred;

    /// <summary>
    /// Whether it is faster than torch's here: on x64 with AVX2, and with AVX-512 where .NET takes registers of that width, too. So it was
    /// measured; a choice by the clock of each process would make the bits of a run depend on what else the machine had to do.
    /// </summary>
    public static bool IsFaster { get; } =
        Fma.IsSupported && Avx2.IsSupported && (!Avx512F.IsSupported || Vector512.IsHardwareAccelerated);

    /// <summary>Which convolution solves without a graph have here, in words.</summary>
    public static string InUse => !IsFaster ? "torch's"
        : Vector512.IsHardwareAccelerated ? "3 x 3: own, AVX-512; others: torch's" : "3 x 3: own, AVX2; others: torch's";

    /// <summary>Whether it is to be used: where it is faster, or preferred all the same.</summary>
    public static bool IsUsed => IsFaster || _isPreferred;

    /// <summary>
    /// The same for a training step, forward and backward: with AVX-512 alone. By registers of AVX2 it takes longer than torch on a
    /// processor that has both, and was not measured on one that has AVX2 alone.
    /// </summary>
    public static bool IsUsedInTraining => Vector512.IsHardwareAccelerated || _isPreferred;

    /// <summary>Channels in.</summary>
    public int Inputs { get; }

    /// <summary>Channels out.</summary>
    public int Outputs { get; }

    /// <summary>
    /// Has this thread use it on any processor until the result is disposed of: what is built on it can be tested where it would
    /// not be used.
    /// </summary>
    public static IDisposable Prefer() => new Preference();

    /// <summary>Whether there is one for such a weight.</summary>
    /// <param name="weight">[outputs, inputs, height, width].</param>
    public static bool Fits(Tensor weight) =>
        weight.device_type == TorchSharp.DeviceType.CPU && weight.dtype == ScalarType.Float32 && weight.ndim == 4
        && weight.shape[2] == Side && weight.shape[3] == Side
        && weight.shape[0] % SmallProducts.ColumnStep == 0 && weight.shape[1] % EightLanes.Count == 0 && weight.numel() > 0;

    /// <summary>The same of the weight that sends gradients back: its channels exchanged.</summary>
    /// <param name="weight">What <see cref="Fits"/> says yes to.</param>
    public static bool FitsTurned(Tensor weight) => weight.shape[1] % SmallProducts.ColumnStep == 0;

    /// <summary>Whether registers of 16 numbers take so many channels.</summary>
    public static bool IsWide(int inputs, int outputs) =>
        Vector512.IsHardwareAccelerated && inputs % SixteenLanes.Count == 0 && outputs % (2 * SixteenLanes.Count) == 0;

    /// <summary>Prepares a weight: some tens of microseconds for 32 channels.</summary>
    /// <param name="weight">What <see cref="Fits"/> says yes to; the caller keeps it.</param>
    public static WinogradConvolution Of(Tensor weight)
    {
        float[] kernel = new float[WinogradTile.Products * weight.shape[0] * weight.shape[1]];
        Prepare(weight, kernel, isTurned: false);
        return new WinogradConvolution(kernel, (int)weight.shape[1], (int)weight.shape[0]);
    }

    /// <summary>Convolves a batch by a weight that will be another one the next time, on torch's threads.</summary>
    /// <param name="images">What <see cref="ImageRows.Fit"/> says yes to: [batch, inputs, height, width].</param>
    /// <param name="weight">What <see cref="Fits"/> says yes to, and <see cref="FitsTurned"/> where it is turned.</param>
    /// <param name="bias">One for every channel; null for none.</param>
    /// <param name="isTurned">
    /// Whether it is the convolution that sends gradients back: <paramref name="images"/> are [batch, outputs, height, width] then.
    /// </param>
    /// <returns>[batch, outputs, height, width], or inputs, in channels-last memory; in the caller's dispose scope.</returns>
    public static Tensor Apply(Tensor images, Tensor weight, float[]? bias, bool isTurned)
    {
        (int outputs, int inputs) = ((int)weight.shape[0], (int)weight.shape[1]);
        float[] kernel = ArrayPool<float>.Shared.Rent(WinogradTile.Products * inputs * outputs);
        Prepare(weight, kernel, isTurned);
        Tensor made = new WinogradConvolution(kernel, isTurned ? outputs : inputs, isTurned ? inputs : outputs).Apply(images, bias);
        ArrayPool<float>.Shared.Return(kernel);
        return made;
    }

    /// <summary><c>LeakyReLU(W * x + bias)</c> of a batch, on torch's threads.</summary>
    /// <param name="images">What <see cref="ImageRows.Fit"/> says yes to: [batch, inputs, height, width].</param>
    /// <param name="bias">One for every channel; null for none.</param>
    /// <param name="slope">Left of 0; 1 for no activation.</param>
    /// <returns>[batch, outputs, height, width] in channels-last memory; in the caller's dispose scope.</returns>
    public Tensor Apply(Tensor images, float[]? bias, float slope = 1)
    {
        float[] biases = bias ?? new float[Outputs];
        ImageRows input = ImageRows.Of(images);
        (Tensor made, ImageRows output) = ImageRows.Empty([images.shape[0], Outputs, images.shape[2], images.shape[3]]);
        input.ForEach(WinogradStrip.SamplesAtOnce(input.Size), (first, count) => Apply(
            input.Samples(first, count), output.Samples(first, count), input.Size, new ChannelActivation(biases, slope)));
        return made;
    }

    /// <summary>Applies the convolution, and the epilogue to its values.</summary>
    /// <param name="input">[samples, height, width, inputs].</param>
    /// <param name="output">[samples, height, width, outputs]; not the input.</param>
    /// <param name="image">Height and width.</param>
    /// <param name="epilogue">What comes after.</param>
    /// <typeparam name="TEpilogue">Its type, so that it becomes part of the loop.</typeparam>
    public void Apply<TEpilogue>(ReadOnlySpan<float> input, Span<float> output, ImageSize image, TEpilogue epilogue)
        where TEpilogue : IEpilogue, allows ref struct
    {
        WinogradWorkspace work = WinogradWorkspace.OfThread(image, Inputs, Outputs);
        bool isWide = IsWide(Inputs, Outputs);
        foreach (WinogradStrip strip in WinogradStrip.Of(input.Length / (image.Pixels * Inputs), image))
        {
            if (isWide)
            {
                Apply<SixteenLanes, TEpilogue>(input, output, strip, work, epilogue);
            }
            else
            {
                Apply<EightLanes, TEpilogue>(input, output, strip, work, epilogue);
            }
        }
    }

    // Turned: channels exchanged, and each kernel from its last element to its first.
    private static void Prepare(Tensor weight, float[] kernel, bool isTurned)
    {
        using IDisposable noGraph = no_grad();
        using Tensor inOrder = isTurned ? weight.permute(2, 3, 0, 1) : weight.permute(2, 3, 1, 0);
        using Tensor held = inOrder.contiguous();
        (int inputs, int outputs) = ((int)held.shape[2], (int)held.shape[3]);
        int product = inputs * outputs;
        TensorMemory<float> values = new(held);
        ThreadTeam.Run(inputs, (long)product * WinogradTile.Products, input =>
        {
            ref float kernels = ref values.Slice(0, values.Length)[((isTurned ? (Side * Side) - 1 : 0) * product) + (input * outputs)];
            for (int output = 0; output < outputs; output += Vector256<double>.Count)
            {
                (int block, int column) = Math.DivRem(output, SmallProducts.ColumnStep);
                WinogradTile.TransformKernels(
                    ref Unsafe.Add(ref kernels, output), isTurned ? -product : product,
                    ref kernel[(((block * inputs) + input) * SmallProducts.ColumnStep) + column], product);
            }
        });
    }

    private void Apply<TLanes, TEpilogue>(
        ReadOnlySpan<float> input, Span<float> output, in WinogradStrip strip, WinogradWorkspace work, TEpilogue epilogue)
        where TLanes : struct, ILanes<TLanes>
        where TEpilogue : IEpilogue, allows ref struct
    {
        strip.TransformInputs<TLanes>(input, Inputs, work);
        Multiply<TLanes>(strip, work);
        TransformOutputs<TLanes, TEpilogue>(output, strip, work, epilogue);
    }

    private void Multiply<TLanes>(in WinogradStrip strip, WinogradWorkspace work)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int product = 0; product < WinogradTile.Products; product++)
        {
            SmallProducts.Multiply<TLanes>(
                ref work.Inputs[product * strip.Rows * Inputs],
                ref _kernel[product * Inputs * Outputs],
                ref work.Outputs[product * strip.Rows * Outputs],
                strip.Rows,
                Inputs,
                Outputs);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TransformOutputs<TLanes, TEpilogue>(Span<float> output, in WinogradStrip strip, WinogradWorkspace work, TEpilogue epilogue)
        where TLanes : struct, ILanes<TLanes>
        where TEpilogue : IEpilogue, allows ref struct
    {
        ref float values = ref MemoryMarshal.GetReference(output);
        for (int tile = 0; tile < strip.Samples * strip.Tiles; tile++)
        {
            WinogradPatch patch = strip.Patch(tile);
            ref float products = ref work.Outputs[tile * Outputs];
            for (int channel = 0; channel < Outputs; channel += TLanes.Count)
            {
                WinogradTile.TransformOutput<TLanes, TEpilogue>(
                    ref Unsafe.Add(ref products, channel), strip.Rows * Outputs, patch, ref values, Outputs, channel, epilogue);
            }
        }
    }

    private sealed class Preference : IDisposable
    {
        private readonly bool _before = _isPreferred;

        public Preference() => _isPreferred = true;

        public void Dispose() => _isPreferred = _before;
    }
}
