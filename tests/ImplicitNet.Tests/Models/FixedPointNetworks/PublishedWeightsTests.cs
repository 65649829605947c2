using ImplicitNet.Files;
using ImplicitNet.Files.PyTorch;
using ImplicitNet.Kernels;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models.FixedPointNetworks;

/// <summary>The weight files of the published code give what the published code computes from them.</summary>
public sealed class PublishedWeightsTests : TensorTest
{
    private const int Images = 16;

    [Theory]
    [InlineData("mnist_explicit_logits.json", ScalarType.Float64, 1e-6)]
    [InlineData("mnist_explicit_logits.json", ScalarType.Float32, 1e-3)]
    [InlineData("mnist_implicit_logits.json", ScalarType.Float64, 1e-6)]
    [InlineData("mnist_implicit_logits.json", ScalarType.Float32, 1e-3)]
    [InlineData("cifar10_explicit_logits.json", ScalarType.Float64, 1e-6)]
    [InlineData("cifar10_explicit_logits.json", ScalarType.Float32, 1e-3)]
    [InlineData("cifar10_implicit_logits.json", ScalarType.Float64, 1e-6)]
    [InlineData("cifar10_implicit_logits.json", ScalarType.Float32, 1e-3)]
    public void The_logits_are_those_of_the_published_code(string name, ScalarType dtype, double tolerance)
    {
        PublishedFigures figures = PublishedFigures.ReadOrSkip(name);
        double[] images = ReadImages(name);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        using ImplicitNetwork network = Load(figures, name);
        network.to(dtype);
        network.Stopping = dtype == ScalarType.Float64
            ? new StoppingRule { AbsoluteTolerance = 1e-10, MaxSteps = 200 }
            : new StoppingRule { RelativeTolerance = 1e-5, MaxSteps = 200 };
        Tensor data = ToTensor(images, name).to(dtype);
        ResidualTrace trace = new();
        using ImplicitResult result = network.Run(data, trace: trace);
        Assert.True(result.Report.AllConverged);
        Close(figures.EncodedNorms, Norms(network.Encoder.call(data)), tolerance);
        Close(figures.LatentNorms, Norms(result.Latent), tolerance);
        Close([.. figures.Logits.SelectMany(row => row)], [.. result.Output.to(ScalarType.Float64).data<double>()], tolerance);
        if (figures.Residuals is { } residuals && dtype == ScalarType.Float64)
        {
            Assert.Equal(figures.Iterations, result.Report.Samples.Max(sample => sample.Steps));
            Assert.All(
                residuals.Index(),
                step => Assert.Equal(1, trace.Samples.Max(sample => sample[step.Index].Residual) / step.Item, 1e-6));
        }
    }

    [Fact]
    public void The_explicit_network_for_mnist_is_right_in_99_29_percent()
    {
        string file = Weights("MNIST_FPN_Explicit_weights_99.29.pth");
        ImageDataset test = MnistTest();
        int threads = get_num_threads();
        ThreadCount.Set(1);
        try
        {
            (ImplicitNetwork network, ModelConfig config) = PublishedWeights.Read(file, layers => new ModelConfig
            {
                Data = "mnist",
                Network = new MnistFpnOptions { LatentLayers = layers, Gamma = 0.95, Explicit = true },
                PixelMean = [0.1307],
                PixelDeviation = [0.3081],
            });
            using ImplicitNetwork owned = network;
            ImageBatches source = new(test, new BatchOptions { Normalization = config.Normalization, BatchSize = 250 });
            EvaluationResult result = Evaluator.Evaluate(network, new Classification(), source);
            Assert.Equal((10_000, 0.9929), (result.Count, result.Accuracy));
        }
        finally
        {
            ThreadCount.Set(threads);
        }
    }

    [Theory]
    [InlineData("MNIST_FPN_Explicit_weights_99.29.pth", 24)]
    [InlineData("SVHN_FPN_Explicit_weights_93.89.pth", 62)]
    [InlineData("CIFAR10_FPN_Unaugmented_Explicit_weights_80.03.pth", 62)]
    public void The_published_files_are_read_and_written_again_alike(string name, int tensors)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        string path = Weights(name);
        using PyTorchFile file = PyTorchFile.Read(path);
        Assert.Equal(["net_state_dict"], file.StateDictionaries.Keys);
        Assert.Equal("torch.optim.lr_scheduler.StepLR", file.PassedOver["lr_scheduler"]);
        IReadOnlyDictionary<string, Tensor> expected = file.StateDictionary(path);
        Assert.Equal(tensors, expected.Count);
        ScaledClassifierOptions options = name.StartsWith("MNIST", StringComparison.Ordinal) ? new MnistFpnOptions() : new SvhnFpnOptions();
        (ImplicitNetwork network, _) = PublishedWeights.Read(path, _ => new ModelConfig { Data = "x", Network = options, PixelMean = [0], PixelDeviation = [1] });
        using ImplicitNetwork owned = network;
        PublishedWeights.Write(folder["w.pth"], network);
        using PyTorchFile again = PyTorchFile.Read(folder["w.pth"]);
        Assert.Equal(expected.Keys.Order(), again.StateDictionary("w.pth").Keys.Order());
        Assert.All(expected, item => Assert.True(item.Value.equal(again.StateDictionary("w.pth")[item.Key]).all().ToBoolean()));
    }

    [Fact]
    public void Tensors_that_are_missing_unknown_or_of_another_shape_are_named()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        ModelConfig config = new() { Data = "x", Network = new MnistFpnOptions(), PixelMean = [0], PixelDeviation = [1] };
        using ImplicitNetwork network = config.CreateNetwork();
        PublishedWeights.Write(folder["w.pth"], network);
        Dictionary<string, Tensor> tensors;
        using (PyTorchFile file = PyTorchFile.Read(folder["w.pth"]))
        {
            tensors = file.StateDictionary("w.pth").ToDictionary(item => item.Key, item => item.Value.clone());
        }

        tensors.Remove("conv_y.bias");
        tensors["fc_y.weight"] = zeros(10, 785);
        tensors["bn_1.num_batches_tracked"] = tensor(1.0);
        tensors["more"] = zeros(1);
        PyTorchFile.Write(folder["bad.pth"], tensors);
        string message = Assert.Throws<WeightsFileException>(() => { PublishedWeights.Read(folder["bad.pth"], _ => config); }).Message;
        Assert.Equal(
            $"{folder["bad.pth"]}: the tensors are not those that the network mnist-fpn asks for: 1 missing, 'conv_y.bias'; "
            + "2 unlike, 'fc_y.weight' Float32 [10, 785] instead of Float32 [10, 784], 'bn_1.num_batches_tracked' Float64 [] instead of Int64 []; 1 unknown, 'more'.",
            message);

        tensors.Clear();
        tensors["weight"] = zeros(1);
        PyTorchFile.Write(folder["bad.pth"], tensors);
        Assert.Contains("not the weights of a network of the paper", Assert.Throws<WeightsFileException>(() => { PublishedWeights.Read(folder["bad.pth"], _ => config); }).Message, StringComparison.Ordinal);
    }

    private static ImplicitNetwork Load(PublishedFigures figures, string name) => PublishedWeights.Read(Weights(figures.Weights), layers =>
    {
        bool isExplicit = name.Contains("explicit", StringComparison.Ordinal);
        ScaledClassifierOptions options = IsMnist(name) ? new MnistFpnOptions { LatentLayers = layers } : new SvhnFpnOptions { LatentLayers = layers };
        return new ModelConfig { Data = "x", Network = options with { Gamma = figures.Gamma, Explicit = isExplicit }, PixelMean = [0], PixelDeviation = [1] };
    }).Network;

    /// <summary>The first test images, each byte over 255, as [image, row, column, channel].</summary>
    private static double[] ReadImages(string name)
    {
        if (IsMnist(name))
        {
            return [.. MnistTest().Slice(0, Images).Pixels.ToArray().Select(pixel => pixel / 255.0)];
        }

        // Records of a label and three planes of 32 x 32.
        byte[] file = File.ReadAllBytes(Path.Combine(SharedData.FolderOrSkip("data/cifar10"), "test_batch_first1000.bin"));
        double[] pixels = new double[Images * 3072];
        for (int place = 0; place < pixels.Length; place++)
        {
            (int image, int inside) = Math.DivRem(place, 3072);
            pixels[place] = file[(image * 3073) + 1 + (inside % 3 * 1024) + (inside / 3)] / 255.0;
        }

        return pixels;
    }

    private static Tensor ToTensor(double[] pixels, string name)
    {
        int side = IsMnist(name) ? 28 : 32;
        double[] means = IsMnist(name) ? [0.1307] : [0.485, 0.456, 0.406];
        double[] deviations = IsMnist(name) ? [0.3081] : [0.229, 0.224, 0.225];
        return ((tensor(pixels, [Images, side, side, means.Length]) - tensor(means)) / tensor(deviations)).permute(0, 3, 1, 2);
    }

    private static double[] Norms(Tensor latents) => [.. linalg.vector_norm(latents.reshape(Images, -1), 2, [1]).to(ScalarType.Float64).data<double>()];

    private static void Close(double[] expected, double[] found, double tolerance)
    {
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }

    private static bool IsMnist(string name) => name.StartsWith("mnist", StringComparison.Ordinal);

    private static string Weights(string name) => Path.Combine(SharedData.FolderOrSkip("reference/official-weights"), name);

    // Read without waiting: after an await the test could go on in another thread, and tensors are counted by thread.
    private static ImageDataset MnistTest()
    {
        string folder = SharedData.FolderOrSkip("data/mnist");
        return IdxFile.ReadDataset(
            "MNIST test", Path.Combine(folder, "t10k-images-idx3-ubyte.gz"), Path.Combine(folder, "t10k-labels-idx1-ubyte.gz"), classCount: 10);
    }
}
