using System.Collections.Immutable;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Files;
using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Pieces;

/// <summary>
/// Reading one batch of training images as the command line tool does: what another thread could take off a training step.
/// </summary>
public class BatchPreparationBenchmarks
{
    // As many as train on MNIST and CIFAR-10: more than the processor's caches hold, and batches are whole.
    private const int MnistImages = 50_000;
    private const int CifarImages = 45_000;

    private IEnumerator<Batch> _mnist = null!;
    private IEnumerator<Batch> _cifar = null!;

    [GlobalSetup]
    public void Setup()
    {
        RunSettings mnist = RunKinds.DefaultsFor(DataChoice.Mnist);
        RunSettings cifar = RunKinds.DefaultsFor(DataChoice.Cifar10) with { Augment = true };
        _mnist = Batches(mnist, Noise(MnistImages, side: 28, channels: 1), PixelNormalization.Mnist).GetEnumerator();
        _cifar = Batches(cifar, Noise(CifarImages, side: 32, channels: 3), PixelNormalization.Cifar10).GetEnumerator();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _mnist.Dispose();
        _cifar.Dispose();
    }

    /// <summary>100 images of 28 x 28, shifted.</summary>
    [Benchmark]
    public void Mnist() => Next(_mnist);

    /// <summary>50 images of 32 x 32 in colour, mirrored, cropped and partly erased.</summary>
    [Benchmark]
    public void Cifar10Augmented() => Next(_cifar);

    private static void Next(IEnumerator<Batch> batches)
    {
        batches.MoveNext();
        batches.Current.Dispose();
    }

    /// <summary>The batches of one epoch after the other, without an end.</summary>
    private static IEnumerable<Batch> Batches(RunSettings settings, ImageDataset images, PixelNormalization normalization)
    {
        LoadedData data = new(new DataSplits(images, images, images), normalization);
        ImageBatches source = new(images, ImageKind.Batches(settings, data, CPU));
        for (int epoch = 0; ; epoch++)
        {
            foreach (Batch batch in source.Epoch(epoch))
            {
                yield return batch;
            }
        }
    }

    private static ImageDataset Noise(int count, int side, int channels)
    {
        byte[] pixels = new byte[count * side * side * channels];
        new Random(1).NextBytes(pixels);
        ImmutableArray<byte> labels = [.. Enumerable.Range(0, count).Select(index => (byte)(index % 10))];
        return new ImageDataset("noise", side, side, channels, 10, ImmutableCollectionsMarshal.AsImmutableArray(pixels), labels);
    }
}
