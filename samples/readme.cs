#:project ../src/ImplicitNet/ImplicitNet.csproj

using ImplicitNet.Networks;
using ImplicitNet.Operators;
using static TorchSharp.torch;

random.manual_seed(1);
using var network = new ImplicitNetwork(
    encoder: nn.Linear(4, 32),                                                      // q  = Q(d)
    latentOperator: new ContractionOperator(new BoundedLinear(32, 32), gamma: 0.9), // u* = R(u*, q)
    readout: nn.Linear(32, 3));                                                     // y  = S(u*)
Tensor data = randn(8, 4), labels = randint(3, 8, int64);
using ImplicitResult result = network.Run(data);                                    // outputs, and how every sample was solved
nn.functional.cross_entropy(result.Output, labels).backward();                      // gradients by JFB
Console.WriteLine($"{result.Report}\n{network.MeasureContraction(data)}");
