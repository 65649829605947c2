using ImplicitNet.Measurements;
using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Data;

public sealed class MeasuredImagesTests : TensorTest
{
    private static readonly CircularBlur Blur = CircularBlur.Gaussian(0.8);

    [Fact]
    public void Targets_are_the_bytes_over_255_and_inputs_their_measurement_with_noise_of_the_deviation()
    {
        using DisposeScope scope = NewDisposeScope();
        ImageDataset images = Ellipses.Draw(6, 32);
        using Batch exact = Source(noise: 0).First(6);
        Assert.Equal([6, 1, 32, 32], exact.Targets.shape);
        Assert.Equal((ScalarType.Float32, ScalarType.Float32), (exact.Inputs.dtype, exact.Targets.dtype));
        byte[] bytes = [.. exact.Targets.flatten().data<float>().Select(value => (byte)Math.Round(255 * value))];
        Assert.Equal(images.Pixels.ToArray(), bytes);
        Assert.True(Blur.Apply(exact.Targets).allclose(exact.Inputs));

        using Batch noisy = Source(noise: 0.1).First(6);
        Tensor noise = (noisy.Inputs - exact.Inputs).to(ScalarType.Float64);
        double count = noise.numel();
        Assert.InRange(noise.mean().ToDouble(), -5 * 0.1 / Math.Sqrt(count), 5 * 0.1 / Math.Sqrt(count));
        Assert.InRange(noise.std().ToDouble(), 0.1 * (1 - (5 / Math.Sqrt(2 * count))), 0.1 * (1 + (5 / Math.Sqrt(2 * count))));
        Assert.InRange(noise.abs().max().ToDouble(), 0.25, 0.3501);
    }

    [Fact]
    public void Colours_are_planes()
    {
        using DisposeScope scope = NewDisposeScope();
        ImageDataset one = new("one", 1, 2, 3, 1, [0, 51, 102, 153, 204, 255], [0]);
        using Batch batch = new MeasuredImages(one, new IdentityMeasurement(), 0).First(1);
        Assert.Equal([1, 3, 1, 2], batch.Targets.shape);
        float[] expected = [0, 0.6f, 0.2f, 0.8f, 0.4f, 1];
        Assert.Equal(expected, batch.Targets.flatten().data<float>().ToArray().Select(value => (float)Math.Round(value, 6)));
        Assert.True(batch.Targets.equal(batch.Inputs).all().ToBoolean());
    }

    [Fact]
    public void Noise_is_new_in_every_epoch_and_part_and_a_run_may_go_on_at_any_step()
    {
        using DisposeScope scope = NewDisposeScope();
        MeasuredImages source = Source(batchSize: 4);
        float[][] epoch = Inputs(source.Epoch(3));
        Assert.Equal([4, 2], epoch.Select(values => values.Length / (32 * 32)));
        Assert.Equal(epoch[1..], Inputs(Source(batchSize: 4).Epoch(3, firstStep: 1)));

        // By index, however they are cut: the noise of sample 5 in epoch 3 and in epoch 4, as in evaluation.
        float[] order = [.. Inputs(source.InOrder()).SelectMany(values => values)];
        Assert.Equal(order, Inputs(Source(batchSize: 1).InOrder()).SelectMany(values => values), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.NotEqual(order, Inputs(Source(batchSize: 4, part: DataPart.Test).InOrder()).SelectMany(values => values));
        MeasuredImages unshuffled = new(Ellipses.Draw(6, 32), Blur, 0.1, 6) { IsShuffled = false };
        float[] third = Inputs(unshuffled.Epoch(3))[0], fourth = Inputs(unshuffled.Epoch(4))[0];
        Assert.True(third.Zip(fourth).Count(pair => pair.First == pair.Second) < 100);
        Assert.True(third.Zip(order).Count(pair => pair.First == pair.Second) < 100);
    }

    [Fact]
    public void What_is_measured_and_how_is_in_the_identity()
    {
        object Identity(MeasurementOperator measurement, double noise = 0.1, DataPart part = DataPart.Training, int seed = 1) =>
            new MeasuredImages(Ellipses.Draw(3, 16), measurement, noise, seed: seed) { Part = part }.Identity;
        object first = Identity(Blur);
        Assert.Equal(first, Identity(CircularBlur.Gaussian(0.8)));
        Assert.NotEqual(first, Identity(CircularBlur.Gaussian(0.9)));
        Assert.NotEqual(first, Identity(Blur, noise: 0.2));
        Assert.NotEqual(first, Identity(Blur, part: DataPart.Test));
        Assert.NotEqual(first, Identity(Blur, seed: 2));
        Assert.Equal("noise", Assert.Throws<ArgumentOutOfRangeException>(() => Source(noise: double.NaN)).ParamName);
    }

    private static MeasuredImages Source(double noise = 0.1, int batchSize = 6, DataPart part = DataPart.Training) =>
        new(Ellipses.Draw(6, 32), Blur, noise, batchSize) { Part = part };

    private static float[][] Inputs(IEnumerable<Batch> batches)
    {
        List<float[]> inputs = [];
        foreach (Batch batch in batches)
        {
            using Batch owned = batch;
            inputs.Add(batch.Inputs.data<float>().ToArray());
        }

        return [.. inputs];
    }
}
