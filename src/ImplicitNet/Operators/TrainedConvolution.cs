using ImplicitNet.Gradients;
using ImplicitNet.Kernels.Winograd;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>W * x + bias</c> in a graph by our own kernel, forward and backward, where it is faster than torch's: a zero-padded 3 x 3 convolution
/// of stride 1. Second derivatives are torch's.
/// </summary>
/// <remarks>
/// What a sample sends back does not depend on the samples beside it, nor the gradient of the weight on the number of threads, bit by bit.
/// </remarks>
internal sealed class TrainedConvolution
{
    // Where it was faster than torch's: see docs/performance.md. Fewer channels or tiles do not pay for the transforms of the weight.
    private const int LeastSide = 8;
    private const int LeastChannels = 64;
    private const int MostChannels = 128;
    private const int ChannelStep = 32;

    private readonly UntoldFailure _untold = new();

    /// <summary>Applies it where that is faster than torch's.</summary>
    /// <param name="input">[batch, inputs, height, width].</param>
    /// <param name="weight">[outputs, inputs, 3, 3].</param>
    /// <param name="bias">[outputs]; null for none.</param>
    /// <returns>
    /// A new tensor in channels-last memory and in the graph, in the caller's dispose scope; null, and nothing done, without gradients, on
    /// another device, processor or dtype than the kernel is for, in another memory layout, or with sizes at which torch's is faster.
    /// </returns>
    /// <exception cref="InvalidOperationException">A backward pass through an earlier call failed, which is told once.</exception>
    public Tensor? TryApply(Tensor input, Tensor weight, Tensor? bias)
    {
        bool isWanted = is_grad_enabled() && (input.requires_grad || weight.requires_grad || bias?.requires_grad == true);
        return isWanted && Pays(weight) && Fits(input, weight) && input.shape[2] >= LeastSide && input.shape[3] >= LeastSide
            ? Apply(input, weight, bias)
            : null;
    }

    /// <summary>The same at any size that there is a kernel for.</summary>
    public Tensor Apply(Tensor input, Tensor weight, Tensor? bias)
    {
        _untold.Throw();
        Pass pass = new(new GradientReport(_untold) { Through = "a convolution" });
        return GraphNode.Attach(pass, bias is null ? [input, weight] : [input, weight, bias], [input, weight], isAlarmed: true);
    }

    private static bool Pays(Tensor weight) =>
        weight.ndim == 4 && PaysFor(weight.shape[0]) && PaysFor(weight.shape[1]);

    private static bool PaysFor(long channels) => channels is >= LeastChannels and <= MostChannels && channels % ChannelStep == 0;

    private static bool Fits(Tensor input, Tensor weight) =>
        WinogradConvolution.IsUsedInTraining && WinogradConvolution.Fits(weight)
        && (!input.requires_grad || WinogradConvolution.FitsTurned(weight)) && ImageRows.Fit(input, weight.shape[1]);

    private sealed class Pass(GradientReport report) : BackwardPass
    {
        private long[][] _shapes = [];

        public override GradientReport Report => report;

        public override Tensor Forward(IReadOnlyList<Tensor> sources)
        {
            _shapes = [.. sources.Select(source => source.shape)];
            float[]? bias = sources.Count > 2 ? [.. sources[2].detach().data<float>()] : null;
            return WinogradConvolution.Apply(sources[0], sources[1], bias, isTurned: false);
        }

        public override Tensor?[] Backward(Tensor gradient, Func<IReadOnlyList<Tensor>> kept)
        {
            IReadOnlyList<Tensor> tensors = kept();
            (Tensor input, Tensor weight) = (tensors[0], tensors[1]);
            Tensor?[] back = new Tensor?[_shapes.Length];
            Tensor rows = ImageRows.Fit(gradient, weight.shape[0])
                ? gradient
                : gradient.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
            if (is_grad_enabled())
            {
                back[0] = input.requires_grad ? nn.functional.conv_transpose2d(gradient, weight, padding: [1, 1]) : null;
                back[1] = nn.functional.conv2d(input.transpose(0, 1), gradient.transpose(0, 1), padding: [1, 1]).transpose(0, 1);
            }
            else
            {
                back[0] = input.requires_grad ? WinogradConvolution.Apply(rows, weight, null, isTurned: true) : null;
                back[1] = weight.requires_grad
                    ? WinogradWeightGradient.Of(ImageRows.Of(input), (int)weight.shape[1], ImageRows.Of(rows), (int)weight.shape[0])
                    : null;
            }

            if (_shapes.Length > 2)
            {
                back[2] = rows.sum([0, 2, 3]);
            }

            return back;
        }

        public override Tensor?[] Failed(Tensor gradient) =>
            [.. _shapes.Select(shape => full(shape, double.NaN, dtype: gradient.dtype, device: gradient.device))];
    }
}
