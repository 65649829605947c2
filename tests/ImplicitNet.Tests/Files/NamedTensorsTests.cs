using ImplicitNet.Files;
using ImplicitNet.Files.PyTorch;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Files;

/// <summary>A file is read into a model by the names of its tensors, all of them or none, in both formats.</summary>
public sealed class NamedTensorsTests : TensorTest
{
    public static TheoryData<string> Formats => ["safetensors", "pth"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_model_built_alike_answers_as_the_one_that_was_written_in_its_own_dtype(string format)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using nn.Module<Tensor, Tensor> model = Model(3), other = Model(3), wide = Model(3);
        wide.to(ScalarType.Float64);
        Tensor data = randn(5, 4);
        Write(format, folder["w"], model.state_dict());
        model.eval();
        Load(format, folder["w"], other);
        Load(format, folder["w"], wide);
        other.eval();
        wide.eval();
        using (no_grad())
        {
            Assert.Equal(model.call(data).data<float>().ToArray(), other.call(data).data<float>().ToArray());
            Assert.True(wide.call(data.to(ScalarType.Float64)).allclose(model.call(data).to(ScalarType.Float64), 1e-3, 1e-3));
        }

        Assert.All(wide.parameters(), parameter => Assert.Equal(ScalarType.Float64, parameter.dtype));
        Assert.All(other.parameters(), parameter => Assert.True(parameter.requires_grad));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_file_of_another_model_is_refused_by_names_and_shapes_and_nothing_changes(string format)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using nn.Module<Tensor, Tensor> model = Model(3), alike = Model(3), wider = Model(4);
        Dictionary<string, Tensor> before = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        Write(format, folder["w"], wider.state_dict());
        Refused("the tensors are not those that Sequential asks for: 2 unlike, '3.weight' Float32 [4, 6] instead of Float32 [3, 6], '3.bias' Float32 [4] instead of Float32 [3].");
        Dictionary<string, Tensor> fewer = alike.state_dict();
        fewer.Remove("3.bias");
        fewer["odd"] = ones(2);
        Write(format, folder["w"], fewer);
        Refused("the tensors are not those that Sequential asks for: 1 missing, '3.bias'; 1 unknown, 'odd'.");
        Dictionary<string, Tensor> integers = alike.state_dict();
        integers["3.bias"] = ones(3, ScalarType.Int64);
        Write(format, folder["w"], integers);
        Refused("the tensors are not those that Sequential asks for: 1 unlike, '3.bias' Int64 [3] instead of Float32 [3].");
        Assert.All(model.state_dict(), entry => Assert.True(entry.Value.equal(before[entry.Key]).all().ToBoolean()));
        Assert.Throws<ArgumentNullException>(() => Load(format, folder["w"], null!));

        void Refused(string words)
        {
            string message = Assert.Throws<WeightsFileException>(() => Load(format, folder["w"], model)).Message;
            Assert.Equal($"{folder["w"]}: {words}", message);
        }
    }

    private static nn.Module<Tensor, Tensor> Model(long outputs) => nn.Sequential(
        nn.Linear(4, 6), nn.BatchNorm1d(6), new ImplicitLayer(new ContractionOperator(new BoundedLinear(6, 6), 0.9)), nn.Linear(6, outputs));

    private static void Write(string format, string path, Dictionary<string, Tensor> tensors)
    {
        if (format == "pth")
        {
            PyTorchFile.Write(path, tensors);
        }
        else
        {
            SafetensorsFile.Write(path, tensors);
        }
    }

    private static void Load(string format, string path, nn.Module model)
    {
        if (format == "pth")
        {
            PyTorchFile.Load(path, model);
        }
        else
        {
            SafetensorsFile.Load(path, model);
        }
    }
}
