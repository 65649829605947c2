using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>Norm of the residual, and residual over threshold, for every sample of a step.</summary>
internal static class ResidualMeasurement
{
    // Numbers that a thread measures before it takes the next: some microseconds.
    private const int Portion = 1 << 13;

    /// <summary>Measures a step, in the caller's dispose scope; at most one transfer to the host.</summary>
    public static (double[] Residuals, double[] Ratios) Of(FixedPointStep step, StoppingRule stopping)
    {
        LatentLayout layout = LatentLayout.Of(step.Residual ?? step.Mapped!);
        Tensor latent = layout.Flatten(step.Latent);
        (double absolute, double relative) = stopping.Resolve(step.Latent.dtype);
        double[] residuals;
        double[] references;
        if (step.Mapped is { } mapped)
        {
            Tensor rows = layout.Flatten(mapped);
            (residuals, references) = IsForOnePass(stopping, rows, latent)
                ? InOnePass(rows, latent, stopping.Norm)
                : ByTorch(rows - latent, latent, stopping, absolute, relative);
        }
        else
        {
            (residuals, references) = ByTorch(layout.Flatten(step.Residual!), latent, stopping, absolute, relative);
        }

        return (residuals, [.. residuals.Zip(references, (residual, reference) => stopping.Scale.Ratio(residual, reference, absolute, relative))]);
    }

    private static bool IsForOnePass(StoppingRule stopping, Tensor mapped, Tensor latent) =>
        stopping.Norm.IsOfSquares && stopping.Scale == ResidualScale.PerSample
        && mapped.device_type == TorchSharp.DeviceType.CPU && mapped.dtype == ScalarType.Float32
        && mapped.numel() is > 0 and <= int.MaxValue / sizeof(float) && mapped.is_contiguous() && latent.is_contiguous();

    private static (double[] Residuals, double[] References) InOnePass(Tensor mapped, Tensor latent, ResidualNorm norm)
    {
        double[] residuals = new double[mapped.shape[0]];
        double[] references = new double[residuals.Length];
        int size = (int)(mapped.numel() / residuals.Length);
        int rows = Math.Max(1, Portion / size);
        TensorMemory<float> values = new(mapped), latents = new(latent);
        ThreadTeam.Run((residuals.Length + rows - 1) / rows, 2 * mapped.numel(), portion =>
        {
            for (int row = portion * rows; row < Math.Min(residuals.Length, (portion + 1) * rows); row++)
            {
                (float difference, float reference) = SumsOfSquares.Of(values.Slice(row * size, size), latents.Slice(row * size, size));
                residuals[row] = norm.OfSquares(difference, size);
                references[row] = norm.OfSquares(reference, size);
            }
        });
        return (residuals, references);
    }

    private static (double[] Residuals, double[] References) ByTorch(Tensor residual, Tensor latent, StoppingRule stopping, double absolute, double relative)
    {
        Tensor residuals = stopping.Norm.Measure(residual);
        Tensor references = stopping.Scale.Reference(residual, latent, stopping.Norm, absolute, relative);
        double[] both = [.. stack([residuals, references]).to(ScalarType.Float64).cpu().data<double>()];
        int rows = both.Length / 2;
        return (both[..rows], both[rows..]);
    }
}
