using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace ImplicitNet.Kernels.Winograd;

/// <summary>
/// The gradient of a <see cref="WinogradConvolution"/> in its weight, <c>G^T [sum over tiles of (B^T d B) . (A y A^T)] G</c> with y what
/// came to the outputs (Lavin, Gray, CVPR 2016, turned round): a third of the multiplications of the direct form on images of 9 x 9.
/// </summary>
internal static class WinogradWeightGradient
{
    // Samples are summed in so many portions, whatever the number of threads, so that the bits do not depend on it.
    private const int MostPortions = 8;

    /// <summary>Computes it.</summary>
    /// <param name="input">What was convolved; channels as <see cref="WinogradConvolution.Fits"/> takes them.</param>
    /// <param name="inputs">Its channels.</param>
    /// <param name="gradient">What came to the outputs: images of the same size.</param>
    /// <param name="outputs">Its channels.</param>
    /// <returns>[outputs, inputs, 3, 3]; in the caller's dispose scope.</returns>
    public static Tensor Of(ImageRows input, int inputs, ImageRows gradient, int outputs)
    {
        int portions = Math.Min(MostPortions, input.Batch);
        int length = WinogradTile.Products * inputs * outputs;
        float[][] sums = [.. Enumerable.Range(0, portions).Select(_ => ArrayPool<float>.Shared.Rent(length))];
        ThreadTeam.Run(portions, (long)input.Batch * input.SampleSize, portion =>
        {
            int first = portion * input.Batch / portions;
            int count = ((portion + 1) * input.Batch / portions) - first;
            Span<float> own = sums[portion].AsSpan(0, length);
            own.Clear();
            Add(input.Samples(first, count), inputs, gradient.Samples(first, count), outputs, input.Size, ref own[0]);
        });

        // [3, 3, inputs, outputs].
        Tensor weight = empty(3, 3, inputs, outputs, dtype: ScalarType.Float32);
        TensorMemory<float> values = new(weight);
        ThreadTeam.Run(inputs, (long)length * portions, channel => Total(sums, values.Slice(0, values.Length), channel, inputs, outputs));
        foreach (float[] each in sums)
        {
            ArrayPool<float>.Shared.Return(each);
        }

        return weight.permute(3, 2, 0, 1);
    }

    // The gradients of all kernels of a channel.
    private static void Total(float[][] sums, Span<float> weight, int channel, int inputs, int outputs)
    {
        Span<Vector256<double>> total = stackalloc Vector256<double>[WinogradTile.Products];
        for (int output = 0; output < outputs; output += Vector256<double>.Count)
        {
            int place = (channel * outputs) + output;
            for (int product = 0; product < total.Length; product++)
            {
                Vector256<double> sum = Vector256<double>.Zero;
                foreach (float[] each in sums)
                {
                    sum += WinogradTile.Wide(ref each[(product * inputs * outputs) + place]);
                }

                total[product] = sum;
            }

            WinogradTile.TransformSums(total, ref weight[place], inputs * outputs);
        }
    }

    private static void Add(
        ReadOnlySpan<float> input, int inputs, ReadOnlySpan<float> gradient, int outputs, ImageSize image, ref float sums)
    {
        WinogradWorkspace work = WinogradWorkspace.OfThread(image, inputs, outputs);
        bool isWide = WinogradConvolution.IsWide(inputs, outputs);
        foreach (WinogradStrip strip in WinogradStrip.Of(input.Length / (image.Pixels * inputs), image))
        {
            if (isWide)
            {
                Add<SixteenLanes>(input, inputs, gradient, outputs, strip, work, ref sums);
            }
            else
            {
                Add<EightLanes>(input, inputs, gradient, outputs, strip, work, ref sums);
            }
        }
    }

    private static void Add<TLanes>(
        ReadOnlySpan<float> input, int inputs, ReadOnlySpan<float> gradient, int outputs, in WinogradStrip strip, WinogradWorkspace work,
        ref float sums)
        where TLanes : struct, ILanes<TLanes>
    {
        strip.TransformInputs<TLanes>(input, inputs, work);
        TransformGradients<TLanes>(gradient, outputs, strip, work);
        for (int product = 0; product < WinogradTile.Products; product++)
        {
            SmallProducts.AddTransposed<TLanes>(
                ref work.Inputs[product * strip.Rows * inputs],
                ref work.Outputs[product * strip.Rows * outputs],
                ref Unsafe.Add(ref sums, product * inputs * outputs),
                strip.Samples * strip.Tiles,
                inputs,
                outputs);
        }
    }

    // Not inlined for the reason that TransformInputs is not.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TransformGradients<TLanes>(
        ReadOnlySpan<float> gradient, int outputs, in WinogradStrip strip, WinogradWorkspace work)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float values = ref MemoryMarshal.GetReference(gradient);
        for (int tile = 0; tile < strip.Samples * strip.Tiles; tile++)
        {
            WinogradPatch patch = strip.Patch(tile);
            ref float products = ref work.Outputs[tile * outputs];
            for (int channel = 0; channel < outputs; channel += TLanes.Count)
            {
                WinogradTile.TransformGradient<TLanes>(
                    ref values, outputs, channel, patch, ref Unsafe.Add(ref products, channel), strip.Rows * outputs);
            }
        }
    }
}
