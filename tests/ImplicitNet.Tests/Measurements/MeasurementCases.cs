using ImplicitNet.Measurements;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Measurements;

/// <summary>Every measurement operator of the library on small images, odd and even, square and not, and as a dense matrix.</summary>
internal static class MeasurementCases
{
    private static readonly double[,] Skewed = { { 0.1, -0.2, 0.3, 0, 1 }, { 0.5, 0.7, -0.3, 0.2, 0.1 }, { 0.9, 0.1, -0.2, 0.4, 2 } };

    public static readonly IReadOnlyDictionary<string, (MeasurementOperator Operator, (int Height, int Width)[] Sizes)> All =
        new Dictionary<string, (MeasurementOperator, (int, int)[])>
        {
            ["identity"] = (new IdentityMeasurement(), [(1, 1), (4, 7)]),
            ["mask"] = (new PixelMask(new[,] { { true, false, true }, { false, false, true } }), [(2, 3)]),
            ["circular Gaussian"] = (CircularBlur.Gaussian(0.8), [(7, 8), (5, 5), (2, 9), (1, 3), (1, 1)]),
            ["circular skewed"] = (new CircularBlur(Skewed), [(7, 8), (6, 5), (2, 3), (8, 1)]),
            ["padded Gaussian"] = (PaddedBlur.Gaussian(0.8), [(7, 8), (5, 5), (2, 9), (1, 1)]),
            ["padded skewed"] = (new PaddedBlur(Skewed), [(7, 8), (6, 5), (2, 3), (8, 1)]),
            ["rays"] = (new RadonTransform(7, 5), [(7, 7)]),
            ["few rays"] = (new RadonTransform(6, 4, detectors: 3), [(6, 6)]),
            ["one pixel"] = (new RadonTransform(1, 3), [(1, 1)]),
        };

    public static TheoryData<string> Names => [.. All.Keys];

    public static TheoryData<string> WithProximal => [.. All.Where(one => one.Value.Operator.HasProximal).Select(one => one.Key)];

    /// <summary>[numbers of a measurement, pixels], float64.</summary>
    public static Tensor Dense(MeasurementOperator measurement, (int Height, int Width) size)
    {
        int pixels = size.Height * size.Width;
        return measurement.Apply(eye(pixels, dtype: ScalarType.Float64).reshape(pixels, 1, size.Height, size.Width)).reshape(pixels, -1).t();
    }

    /// <summary>The shape of the measurements of such images.</summary>
    public static long[] Measured(MeasurementOperator measurement, (int Height, int Width) size, long batch = 2, long channels = 3) =>
        measurement.MeasurementSizeOf(size) is (int height, int width) ? [batch, channels, height, width] : [];
}
