using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// What reads the measurement once for each solve, Q of <c>R(u, Q(d))</c>: six convolutions with ReLU between them, from the least-squares
/// image to what is added to the denoised one. Nothing bounds it, since it does not see the latent.
/// </summary>
internal static class MeasurementGuide
{
    private const int Layers = 6;
    private const int Kernel = 3;

    // To begin with it adds next to nothing, and yet every weight has a gradient.
    private const double LastScale = 0.1;

    /// <summary>The numbers of its kernels.</summary>
    /// <param name="channels">Of the images.</param>
    /// <param name="inner">Between the layers; 0 for no guide.</param>
    public static long LeastNumbers(int channels, int inner) => (long)inner * Kernel * Kernel * ((2 * channels) + ((Layers - 2) * inner));

    /// <summary>Creates it, with weights drawn from torch's random state; null for no channels.</summary>
    /// <param name="channels">Of the images.</param>
    /// <param name="inner">Between the layers.</param>
    public static nn.Module<Tensor, Tensor>? Create(int channels, int inner)
    {
        if (inner == 0)
        {
            return null;
        }

        List<nn.Module<Tensor, Tensor>> layers = [];
        for (int layer = 0; layer < Layers; layer++)
        {
            bool isLast = layer == Layers - 1;
            Conv2d convolution = nn.Conv2d(
                layer == 0 ? channels : inner, isLast ? channels : inner, Kernel, padding: Kernel / 2);
            layers.Add(convolution);
            if (!isLast)
            {
                layers.Add(nn.ReLU());
                continue;
            }

            using IDisposable noGraph = no_grad();
            convolution.weight!.mul_(LastScale);
            convolution.bias!.zero_();
        }

        return nn.Sequential([.. layers]);
    }
}
