using ImplicitNet.Measurements;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Measurements;

/// <summary>Sums along rays against closed forms.</summary>
public sealed class RadonTransformTests : TensorTest
{
    [Fact]
    public void The_sinogram_of_a_disc_nears_that_of_the_closed_form_as_pixels_get_finer()
    {
        double[] errors = [.. new[] { 24, 48, 96 }.Select(side => DiscError(side, 0.35, (0, 0)))];
        Assert.InRange(errors[0], 0, 0.03);
        Assert.InRange(errors[1], 0, errors[0]);
        Assert.InRange(errors[2], 0, 0.55 * errors[0]);

        // Out of the middle the rays through it are those of x cos a + y sin a: x to the right, y upwards.
        Assert.InRange(DiscError(48, 0.2, (0.2, 0.1)), 0, 0.04);
    }

    [Fact]
    public void Rays_along_rows_and_columns_add_them()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor image = rand([1, 1, 5, 5], ScalarType.Float64);
        RadonTransform rays = new(5, 2, detectors: 5);
        Tensor sums = rays.Apply(image)[0, 0];
        Assert.InRange((sums[0] - image[0, 0].sum([0L])).abs().max().ToDouble(), 0, 1e-12);
        Assert.InRange((sums[1] - image[0, 0].flip(0).sum([1L])).abs().max().ToDouble(), 0, 1e-12);

        // As many rays as meet the square at any angle, through pixels where it has a middle one: each pixel counts at every angle.
        Assert.Equal(9, new RadonTransform(5, 2).Detectors);
        RadonTransform all = new(6, 7);
        Assert.Equal(10, all.Detectors);
        Tensor lengths = all.Apply(ones([1, 1, 6, 6], ScalarType.Float64))[0, 0].sum([1L]);
        Assert.InRange((lengths - 36).abs().max().ToDouble(), 0, 0.1 * 36);
    }

    /// <summary>The largest error of a ray that is not near the edge, as a share of the radius.</summary>
    private static double DiscError(int side, double share, (double X, double Y) middle)
    {
        using DisposeScope scope = NewDisposeScope();
        RadonTransform rays = new(side, 9);
        double radius = share * side;
        (double x0, double y0) = (middle.X * side, middle.Y * side);
        const int parts = 4;
        double[] disc = new double[side * side];
        for (int place = 0; place < disc.Length * parts * parts; place++)
        {
            (int pixel, int part) = Math.DivRem(place, parts * parts);
            double x = (pixel % side) - (side / 2.0) + (((part % parts) + 0.5) / parts) - x0;
            double y = (side / 2.0) - (pixel / side) - (((part / parts) + 0.5) / parts) - y0;
            disc[pixel] += (x * x) + (y * y) < radius * radius ? 1.0 / (parts * parts) : 0;
        }

        double[] sums = [.. rays.Apply(tensor(disc, [1, 1, side, side])).reshape(-1).data<double>()];
        double largest = 0;
        for (int place = 0; place < sums.Length; place++)
        {
            (int angle, int detector) = Math.DivRem(place, rays.Detectors);
            (double sine, double cosine) = Math.SinCos(Math.PI * angle / rays.Angles);
            double s = detector - ((rays.Detectors - 1) / 2.0) - (x0 * cosine) - (y0 * sine);
            double expected = Math.Abs(s) < radius ? 2 * Math.Sqrt((radius * radius) - (s * s)) : 0;
            largest = Math.Abs(Math.Abs(s) - radius) > 0.15 * radius ? Math.Max(largest, Math.Abs(sums[place] - expected) / radius) : largest;
        }

        return largest;
    }
}
