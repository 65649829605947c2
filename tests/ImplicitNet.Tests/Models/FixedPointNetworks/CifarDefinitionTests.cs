using ImplicitNet.Files.PyTorch;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Files.PyTorch;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models.FixedPointNetworks;

/// <summary>
/// There are no published weights of the network for augmented CIFAR-10, so it is held against its description put down
/// a second time in PyTorch, with the published names.
/// </summary>
public sealed class CifarDefinitionTests : TensorTest
{
    private const string Definition = """
        import sys, torch
        from torch import nn
        from torch.nn import functional as f

        class Pairs(nn.Module):
            def __init__(self, count, convs, norms):
                super().__init__()
                pair = lambda: nn.ModuleDict({'0': nn.Conv2d(35, 35, 3, padding=1), '3': nn.Conv2d(35, 35, 3, padding=1)})
                self.names = convs, norms
                self.add_module(convs, nn.ModuleList(pair() for _ in range(count)))
                self.add_module(norms, nn.ModuleList(nn.BatchNorm2d(35, affine=False) for _ in range(count)))

            def forward(self, x, after=lambda block, x: x):
                for block, (pair, norm) in enumerate(zip(*(getattr(self, name) for name in self.names))):
                    x = after(block, norm(f.leaky_relu(x + pair['3'](f.leaky_relu(pair['0'](x), 0.1)), 0.1)))
                return x

        folder, gamma, steps = sys.argv[1], 0.5, int(sys.argv[2])
        encoder, latent = Pairs(32, 'data_convs', 'dat_batch_norm'), Pairs(5, 'latent_convs', 'lat_batch_norm')
        stem = nn.ModuleDict({'data_conv_d': nn.Conv2d(3, 35, 7, padding=3, padding_mode='replicate')})
        readout = nn.ModuleDict({'conv_y': nn.Conv2d(35, 35, 3, stride=2, padding=1), 'label_fc': nn.Linear(875, 10, bias=False)})
        parts = [encoder, latent, stem, readout]
        weights = torch.load(f'{folder}/weights.pth', weights_only=True)
        expected = torch.load(f'{folder}/expected.pth', weights_only=True)
        used = set()
        for part in parts:
            part.double().eval()
            used |= set(part.state_dict())
            part.load_state_dict({name: weights[name] for name in part.state_dict()})
        assert used == set(weights), used ^ set(weights)
        print(sum(parameter.numel() for part in parts for parameter in part.parameters()))
        with torch.no_grad():
            x = f.leaky_relu(stem['data_conv_d'](f.pad(expected['data'], (4, 4, 4, 4), value=0.449)), 0.1)
            q = encoder(x, lambda block, x: f.avg_pool2d(x, 2) if block in (15, 31) else x)
            u = torch.zeros_like(q)
            for _ in range(steps):
                u = latent(q + gamma * u)
            y = readout['label_fc'](f.leaky_relu(readout['conv_y'](u), 0.1).flatten(1))
        for name, value in ('q', q), ('u', u), ('y', y):
            error = (value - expected[name]).abs().max() / value.abs().max()
            assert error < 1e-10, (name, error)
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_network_for_cifar_is_the_one_described(bool isExplicit)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using IDisposable noGraph = no_grad();
        random.manual_seed(6);
        using ImplicitNetwork network = CifarFpn.Create(new CifarFpnOptions { Explicit = isExplicit });
        network.OnFailure = new MaskFailures();
        network.Stopping = new StoppingRule { RelativeTolerance = 0, MaxSteps = 4 };

        // So that the running statistics are none that a network starts with.
        network.call(randn(4, 3, 32, 32)).Dispose();
        network.eval();
        network.to(ScalarType.Float64);
        Tensor data = randn(2, 3, 32, 32, dtype: ScalarType.Float64);
        using ImplicitResult result = network.Run(data);
        PublishedWeights.Write(folder["weights.pth"], network);
        PyTorchFile.Write(folder["expected.pth"], new Dictionary<string, Tensor>
        {
            ["data"] = data,
            ["q"] = network.Encoder.call(data),
            ["u"] = result.Latent,
            ["y"] = result.Output,
        });

        // The latent returned is the one of which the last residual was measured: of four steps, after three applications.
        Assert.Equal("843430\n", PythonTorch.RunOrSkip(Definition, folder.Path, isExplicit ? "1" : "3"));
    }
}
