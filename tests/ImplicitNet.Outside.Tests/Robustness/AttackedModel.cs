using System.Globalization;
using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Robustness;

/// <summary>
/// A model in its folder: at some radii its certified accuracy on test images of MNIST, and its accuracy under attack, which lies above.
/// <c>robustness of runs/robust data/mnist 500 0.1,0.5,1.58</c>.
/// </summary>
internal static class AttackedModel
{
    /// <summary>The word before the model's folder.</summary>
    public const string Verb = "of";

    private const int Restarts = 3;
    private const int Batch = 50;

    /// <summary>Runs it. 0: nothing that is certified was beaten.</summary>
    public static int Run(string model, string data, int count, string list)
    {
        double[] radii = [.. list.Split(',').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
        random.manual_seed(1);
        (ImplicitNetwork network, ModelConfig config) = ModelFolder.Load(model);
        using nn.Module owned = network;
        network.Stopping = network.Stopping with { RelativeTolerance = 1e-5, AbsoluteTolerance = 0, MaxSteps = 1000 };
        network.Gradient = new ImplicitGradient { RelativeTolerance = 1e-2 };
        network.OnFailure = new WarnOnFailure { Warn = static _ => { } };
        network.eval();
        foreach (TorchSharp.Modules.Parameter parameter in network.parameters())
        {
            parameter.requires_grad = false;
        }

        DatasetSource files = new(IdxDatasetDefinition.Mnist) { DataDirectory = data };
        ImageDataset images = files.LoadAsync().GetAwaiter().GetResult().Test;
        ImageBatches source = new(images.Slice(0, count), new BatchOptions { Normalization = config.Normalization, BatchSize = Batch });
        NetworkBound bound = NetworkBound.Of(network, [images.Channels, images.Height, images.Width]);
        double scale = 1 / config.Normalization.Deviation.Min();
        (int right, int[] certified, int[] standing, int beaten) = (0, new int[radii.Length], new int[radii.Length], 0);
        foreach (Batch batch in source.InOrder())
        {
            using Batch held = batch;
            using DisposeScope scope = NewDisposeScope();
            RobustnessCertificate certificate = RobustnessCertificate.Of(bound, network, batch.Inputs, scale);
            int[] labels = [.. batch.Targets.data<long>().Select(label => (int)label)];
            right += certificate.Samples.Where((sample, place) => sample.Class == labels[place]).Count();
            for (int radius = 0; radius < radii.Length; radius++)
            {
                bool?[] found = GradientAttack.Run(
                    network, batch.Inputs, labels, [.. Enumerable.Repeat(radii[radius] * scale, labels.Length)], Restarts);
                for (int place = 0; place < labels.Length; place++)
                {
                    SampleRadius sample = certificate.Samples[place];
                    bool isCertified = sample.Class == labels[place] && sample.Radius > radii[radius];
                    certified[radius] += isCertified ? 1 : 0;
                    standing[radius] += sample.Class == labels[place] && found[place] != true ? 1 : 0;
                    beaten += isCertified && found[place] == true ? 1 : 0;
                }
            }
        }

        Console.WriteLine(bound);
        Console.WriteLine(FormattableString.Invariant($"{100.0 * right / count:0.00} % of {count} images right"));
        for (int radius = 0; radius < radii.Length; radius++)
        {
            Console.WriteLine(FormattableString.Invariant(
                $"within {radii[radius]}: {100.0 * certified[radius] / count:0.00} % certified, {100.0 * standing[radius] / count:0.00} % under attack"));
        }

        Console.WriteLine($"{beaten} radii beaten");
        return beaten == 0 ? 0 : 1;
    }
}
