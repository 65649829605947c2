using static TorchSharp.torch;

namespace ImplicitNet.Training.Tasks;

/// <summary>
/// The structural similarity of two images: at every place of a Gaussian window (11 x 11, deviation 1.5)
/// <c>(2 mean1 mean2 + C1) (2 covariance + C2) / ((mean1^2 + mean2^2 + C1) (variance1 + variance2 + C2))</c>, C1 = (0.01 peak)^2,
/// C2 = (0.03 peak)^2, averaged over the places at which the whole window lies in the image, and over channels.
/// </summary>
/// <remarks>
/// 1 for images that are the same, at most 1 for all. Of images with a side below 11 the window is the largest of odd side that fits. A
/// negative or larger value than the peak counts as it is. Source: Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from
/// error visibility to structural similarity", 2004.
/// </remarks>
internal static class StructuralSimilarity
{
    private const int Window = 11;
    private const double Deviation = 1.5;
    private const double K1 = 0.01;
    private const double K2 = 0.03;

    /// <summary>One number for each image, in float64.</summary>
    /// <param name="image">[batch, channels, height, width].</param>
    /// <param name="reference">The same shape.</param>
    /// <param name="peak">The largest value that a reference can have.</param>
    /// <returns>[batch]; NaN where there is no pixel, or one that is not finite.</returns>
    public static Tensor Of(Tensor image, Tensor reference, double peak)
    {
        long batch = image.shape[0], height = image.shape[2], width = image.shape[3];
        Tensor x = Planes(image), y = Planes(reference);
        Tensor vertical = Gaussian(height, x.device).reshape(1, 1, -1, 1), horizontal = Gaussian(width, x.device).reshape(1, 1, 1, -1);
        Tensor Mean(Tensor values) => nn.functional.conv2d(nn.functional.conv2d(values, vertical), horizontal);

        Tensor meanX = Mean(x), meanY = Mean(y), meanXY = meanX * meanY, squares = meanX.square() + meanY.square();
        Tensor covariance = Mean(x * y) - meanXY, variances = Mean(x.square() + y.square()) - squares;
        double c1 = Math.Pow(K1 * peak, 2), c2 = Math.Pow(K2 * peak, 2);
        Tensor similarity = ((2 * meanXY) + c1) * ((2 * covariance) + c2) / ((squares + c1) * (variances + c2));
        return similarity.reshape(batch, -1).mean([1]);
    }

    private static Tensor Planes(Tensor image) => image.to(ScalarType.Float64).reshape(-1, 1, image.shape[2], image.shape[3]);

    private static Tensor Gaussian(long side, Device device)
    {
        long width = Math.Min(Window, side - ((side + 1) % 2)), radius = width / 2;
        Tensor places = arange(-radius, radius + 1, dtype: ScalarType.Float64, device: device);
        Tensor weights = (-places.square() / (2 * Deviation * Deviation)).exp();
        return weights / weights.sum();
    }
}
