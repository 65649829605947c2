using System.Runtime.InteropServices;
using ImplicitNet.Kernels.Winograd;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// The last weight and bias that a convolution and the batch normalisation behind it were made into, so that a network in use makes them
/// once.
/// </summary>
/// <remarks>
/// Recognised by the bytes of all that they are made of: whoever writes into a weight or a statistic gets others. Comparing takes some
/// microseconds, folding ten times as many. Plain memory, which no dispose scope ends. Safe to use from several threads.
/// </remarks>
internal sealed class FoldedConvolution
{
    private Entry? _last;

    /// <summary>Applies it.</summary>
    /// <param name="convolution">Takes the input.</param>
    /// <param name="norm">Of its output channels, in evaluation mode.</param>
    /// <param name="input">[batch, channels, height, width].</param>
    /// <returns>In the caller's dispose scope.</returns>
    public Tensor Apply(Conv2d convolution, BatchNorm norm, Tensor input)
    {
        Tensor?[] from = [convolution.weight, convolution.bias, norm.weight, norm.bias, norm.running_mean, norm.running_var];
        if (!Array.TrueForAll(from, IsPlain))
        {
            (Tensor weight, Tensor bias) = Fold(convolution, norm);
            return Convolve(convolution, weight, bias, input);
        }

        Entry? last = Volatile.Read(ref _last);
        if (last?.IsOf(from, norm.eps) != true)
        {
            last = new Entry(from, norm.eps, Fold(convolution, norm));
            Volatile.Write(ref _last, last);
        }

        return last.Kernel is { } kernel && KernelConvolution.IsUsedFor(convolution) && ImageRows.Fit(input, kernel.Inputs)
            ? kernel.Apply(input, last.Bias)
            : Convolve(convolution, tensor(last.Weight, last.Shape), tensor(last.Bias), input);
    }

    private static bool IsPlain(Tensor? tensor) => tensor is null
        || (tensor.device_type == DeviceType.CPU && tensor.dtype == ScalarType.Float32 && tensor.is_contiguous());

    private static Tensor Convolve(Conv2d convolution, Tensor weight, Tensor bias, Tensor input) => nn.functional.conv2d(
        input, weight, bias, convolution.stride, convolution.padding, convolution.dilation, convolution.groups);

    // norm(y) = (y - mean) scale + shift, y = W x + b.
    private static (Tensor Weight, Tensor Bias) Fold(Conv2d convolution, BatchNorm norm)
    {
        Tensor scale = (norm.running_var! + norm.eps).rsqrt_();
        if (norm.affine)
        {
            scale = scale.mul_(norm.weight!);
        }

        Tensor bias = convolution.bias is null ? -norm.running_mean! : convolution.bias - norm.running_mean!;
        bias = bias.mul_(scale);
        return (convolution.weight! * scale.reshape(-1, 1, 1, 1), norm.affine ? bias.add_(norm.bias!) : bias);
    }

    private sealed class Entry
    {
        private readonly byte[]?[] _from;
        private readonly double _epsilon;

        public Entry(Tensor?[] from, double epsilon, (Tensor Weight, Tensor Bias) folded)
        {
            _from = [.. from.Select(tensor => tensor?.bytes.ToArray())];
            _epsilon = epsilon;
            (Shape, Weight, Bias) = (folded.Weight.shape, Numbers(folded.Weight), Numbers(folded.Bias));
            Kernel = WinogradConvolution.Fits(folded.Weight) ? WinogradConvolution.Of(folded.Weight) : null;
        }

        public long[] Shape { get; }

        public float[] Weight { get; }

        public float[] Bias { get; }

        /// <summary>Null where there is none for such a weight.</summary>
        public WinogradConvolution? Kernel { get; }

        public bool IsOf(Tensor?[] from, double epsilon)
        {
            bool isSame = epsilon == _epsilon;
            for (int place = 0; isSame && place < from.Length; place++)
            {
                isSame = from[place] is { } tensor
                    ? _from[place] is { } before && tensor.bytes.SequenceEqual(before)
                    : _from[place] is null;
            }

            return isSame;
        }

        private static float[] Numbers(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.contiguous().bytes).ToArray();
    }
}
