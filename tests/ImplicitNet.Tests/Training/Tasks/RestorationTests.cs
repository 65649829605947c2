using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Tasks;

public sealed class RestorationTests : TensorTest
{
    [Theory]
    [InlineData(13, 17, 1.0)]
    [InlineData(11, 11, 1.0)]
    [InlineData(11, 12, 255.0)]
    [InlineData(6, 14, 1.0)] // windows of 5 x 11
    [InlineData(1, 2, 1.0)] // of one pixel
    public void The_similarity_is_that_of_the_formula_written_out_in_loops(int height, int width, double peak)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        Tensor image = peak * rand(2, 3, height, width), reference = ((0.5 * image) + (0.5 * peak * rand(2, 3, height, width))).clamp(0, peak);
        double[] found = Ssim(image, reference, peak);
        for (int sample = 0; sample < 2; sample++)
        {
            Assert.Equal(Expected(image[sample], reference[sample], peak), found[sample], 1e-9);
        }
    }

    [Fact]
    public void The_same_image_has_similarity_1_and_level_ones_that_of_their_means()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(6);
        Tensor image = rand(2, 3, 16, 12);
        Assert.All(Ssim(image, image.alias(), 1), value => Assert.Equal(1, value, 1e-12));

        // Without variance (2 a b + C1) / (a^2 + b^2 + C1) is left, C1 = 1e-4.
        Tensor dark = full([2, 3, 16, 12], 0.25, dtype: ScalarType.Float64), light = full([2, 3, 16, 12], 0.75, dtype: ScalarType.Float64);
        Assert.All(Ssim(dark, light, 1), value => Assert.Equal((0.375 + 1e-4) / (0.625 + 1e-4), value, 1e-9));

        // An image turned into its negative keeps mean and variance, and its covariance turns its sign.
        Assert.All(Ssim(image, 1 - image, 1), value => Assert.InRange(value, -1, 0));
    }

    [Fact]
    public void Signals_have_no_similarity_and_one_image_does_not_change_that_of_another()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(7);
        using Batch signals = new(zeros(2, 1), zeros(2, 16));
        Assert.Equal(["psnr"], new Restoration().Measure(rand(2, 16), signals).Select(measured => measured.Name));
        Tensor image = rand(3, 1, 12, 12), reference = rand(3, 1, 12, 12);
        double[] all = Ssim(image, reference, 1);
        Assert.Equal(all[1], Ssim(image[1].unsqueeze(0), reference[1].unsqueeze(0), 1)[0], 1e-12);
        Tensor broken = image.clone();
        broken[0, 0, 3, 3] = float.NaN;
        double[] found = Ssim(broken, reference, 1);
        Assert.True(double.IsNaN(found[0]));
        Assert.Equal(all[1..], found[1..]);
    }

    private static double[] Ssim(Tensor output, Tensor targets, double peak)
    {
        using Batch batch = new(zeros(output.shape[0], 1), targets.alias());
        IReadOnlyList<Measurement> measured = new Restoration { Peak = peak }.Measure(output, batch);
        Assert.Equal(["psnr", "ssim"], measured.Select(one => one.Name));
        return [.. measured[1].Values.to(ScalarType.Float64).data<double>()];
    }

    // Wang et al. (2004), equations 13 to 17, one window after the other.
    private static double Expected(Tensor image, Tensor reference, double peak)
    {
        int channels = (int)image.shape[0], height = (int)image.shape[1], width = (int)image.shape[2];
        int rows = Math.Min(11, height % 2 == 1 ? height : height - 1), columns = Math.Min(11, width % 2 == 1 ? width : width - 1);
        double[] x = [.. image.to(ScalarType.Float64).contiguous().data<double>()], y = [.. reference.to(ScalarType.Float64).contiguous().data<double>()];
        double Weight(int row, int column) => Math.Exp(-(Math.Pow(row - (rows / 2), 2) + Math.Pow(column - (columns / 2), 2)) / (2 * 1.5 * 1.5));
        double weights = 0, sum = 0;
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                weights += Weight(row, column);
            }
        }

        int places = 0;
        for (int channel = 0; channel < channels; channel++)
        {
            for (int top = 0; top + rows <= height; top++)
            {
                for (int left = 0; left + columns <= width; left++)
                {
                    double Mean(Func<double, double, double> value)
                    {
                        double total = 0;
                        for (int row = 0; row < rows; row++)
                        {
                            for (int column = 0; column < columns; column++)
                            {
                                int place = (((channel * height) + top + row) * width) + left + column;
                                total += Weight(row, column) / weights * value(x[place], y[place]);
                            }
                        }

                        return total;
                    }

                    double meanX = Mean((a, _) => a), meanY = Mean((_, b) => b);
                    double varianceX = Mean((a, _) => (a - meanX) * (a - meanX)), varianceY = Mean((_, b) => (b - meanY) * (b - meanY));
                    double covariance = Mean((a, b) => (a - meanX) * (b - meanY)), c1 = Math.Pow(0.01 * peak, 2), c2 = Math.Pow(0.03 * peak, 2);
                    sum += ((2 * meanX * meanY) + c1) * ((2 * covariance) + c2) / (((meanX * meanX) + (meanY * meanY) + c1) * (varianceX + varianceY + c2));
                    places++;
                }
            }
        }

        return sum / places;
    }
}
