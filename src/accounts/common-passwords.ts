/** The passwords of eight characters and more that guessers try first, in lower case. Shorter ones are refused by their length. */
const text = `
password password1 password2 password3 password12 password123 password1234 password12345 password! password1! password123! password@123
passw0rd passw0rd1 passw0rd! p@ssword p@ssword1 p@ssw0rd p@ssw0rd1 p@ssw0rd! p@ssw0rd123 p@55w0rd pa55word pa55word1 pa$$word pa$$w0rd
passwort passwort1 passwort123 passwords mypassword mypassword1 thepassword newpassword oldpassword nopassword yourpassword password0 password9
password11 password99 passpass passport passphrase passpass1 drowssap 12345678 123456789 1234567890 12345678910 123456789a 1234567890a
123456780 12345678a a12345678 a123456789 a1234567890 aa123456 aa12345678 aa123456789 ab123456 ab12345678 abc12345 abc123456 abc12345678 abcd1234
abcd12345 abcd123456 abcde12345 abcdef123 abcdefgh abcdefghi abcdefg1 abcdefg123 abc123abc abc123456789 1a2b3c4d 1a2b3c4d5e 1q2w3e4r 1q2w3e4r5t
1q2w3e4r5t6y 1q2w3e4r! 1qaz2wsx 1qaz2wsx3edc 1qaz!qaz 1qazxsw2 zaq12wsx zaq1xsw2 zaq1zaq1 qaz123456 qazwsxedc qazwsx123 qazwsxedcrfv qazxswedc
q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwerty01 qwertyui qwertyuiop qwertyuiop1 qwertyuiop123
qwertyqwerty qwert123 qwert1234 qwert12345 qwer1234 qwer12345 qwerasdf qwerasdfzxcv qweasdzxc qweasd123 qweqweqwe qwe123qwe qwe12345 qweasdqwe
qwerty1! qwerty123! azertyuiop azerty123 azerty12345 qwertz123 qwertzuiop asdfghjk asdfghjkl asdfghjkl1 asdfasdf asdf1234 asdf12345 asdfqwer asd123456
asdasdasd asdqwe123 asdzxc123 zxcvbnm1 zxcvbnm123 zxcvbnm, zxcvbnmasdfghjklqwertyuiop zxcvasdf zxc12345 zxczxczxc 11111111 111111111 1111111111 22222222
33333333 44444444 55555555 66666666 77777777 88888888 888888888 99999999 999999999 00000000 000000000 0000000000 12341234 12121212 123123123 123321123
1234512345 123456123 12345654321 123454321 1234554321 12344321 12332112 123412345 112233445566 11223344 1122334455 11112222 11221122 10203040 102030405060
13579246 13579135 147258369 147852369 159357159 159753456 123698745 1236987450 741852963 789456123 7894561230 789789789 456456456 456789123 321321321
987654321 9876543210 87654321 0987654321 0123456789 01234567 012345678 12369874 14725836 15975346 18273645 19191919 10101010 20202020 20002000 20082008
12345qwert 1234qwer 1234asdf 1234abcd 123qweasd 123qweasdzxc 123qwe123 123456qwerty 123456abc 123456aa 123456asd 12345abc 12345abcd 123asd123 123abc123
987654321a 1234567q 12345678q 123456789q 123456789z 1234567a 1234567890q iloveyou iloveyou1 iloveyou2 iloveyou! iloveyou123 iloveyou12 iloveu123 ilovegod
ilovejesus ilovemymom ilovemom ilovemyself iloveme1 iloveme123 loveyou1 loveyou123 loveme123 lovelove lovely123 lovers123 love1234 love12345 mylove123
forever1 forever21 forever123 princess princess1 princess123 princesa sunshine sunshine1 sunshine123 football football1 football12 football123 baseball baseball1
baseball123 basketball basketball1 softball softball1 volleyball hockey123 soccer123 soccer12 superman superman1 superman123 batman123 spiderman spiderman1 ironman123
pokemon1 pokemon123 pikachu1 starwars starwars1 starwars123 startrek matrix123 harrypotter lordoftherings whatever whatever1 trustno1 letmein1 letmein123 letmein!
letmein12 welcome1 welcome12 welcome123 welcome1! welcome123! welcome2024 welcome2025 welcome2026 changeme changeme1 changeme123 changeit default1 default123
secret123 secret12 secret1234 topsecret test1234 test12345 test123456 testtest testtest1 testing1 testing123 tester123 testpass guest123 guest1234 user1234 user12345
admin123 admin1234 admin12345 admin123456 admin123! admin@123 adminadmin administrator administrator1 root1234 rootroot toor1234 system123 manager1 manager123
master123 master12 masterkey computer computer1 computer123 internet internet1 internet123 microsoft windows1 windows123 google123 facebook facebook1 facebook123
instagram instagram1 youtube123 samsung1 samsung123 samsung12 iphone123 android1 android123 nintendo playstation xbox1234 minecraft minecraft1 minecraft123 fortnite
fortnite1 fortnite123 roblox123 callofduty warcraft warcraft1 starcraft counterstrike monkey123 monkey12 dragon123 dragon12 tigger123 butterfly butterfly1 elephant
dolphin1 dolphins panther1 panthers chicken1 chicken123 snickers cheyenne mustang1 mustang123 corvette mercedes mercedes1 ferrari1 ferrari123 porsche1 porsche911
chevrolet yamaha123 yankees1 cowboys1 steelers steelers1 redskins lakers24 lakers123 arsenal1 arsenal123 chelsea1 chelsea123 liverpool liverpool1 liverpool123
manchester manutd123 barcelona barcelona1 realmadrid realmadrid1 juventus ronaldo7 ronaldo123 messi123 champion champions michael1 michael123 michelle michelle1
jennifer jennifer1 jessica1 jessica123 jonathan jonathan1 jordan23 jordan123 joshua123 justin123 justinbieber anthony1 alexander alexander1 alexandra ashley123 andrew123
amanda123 benjamin benjamin1 brittany brandon1 brandon123 charlie1 charlie123 charlotte christian christian1 christina christine christopher christmas daniel123 danielle
danielle1 elizabeth elizabeth1 gabriel1 gabriel123 isabella isabelle jasmine1 jasmine123 matthew1 matthew123 nicholas nicholas1 nicole123 patricia patrick1 rebecca1
rebecca123 richard1 robert123 samantha samantha1 sebastian stephanie stephanie1 thomas123 tiffany1 vanessa1 vanessa123 veronica victoria victoria1 william1 william123
babygirl babygirl1 babyboy1 babyboy123 sweetheart sweetie1 sweetpea cutiepie beautiful beautiful1 blessed1 blessing blink182 bubbles1 buster123 buttercup cheese123
chocolate chocolate1 cookie123 cookies1 diamond1 diamond123 eminem123 flower123 flowers1 freedom1 freedom123 friends1 friends123 fuckyou1 fuckyou123 fuckyou2 fuckoff1
gateway1 ginger123 happy123 happy1234 happyday heather1 hello123 hello1234 hello12345 hellohello helloworld helloworld1 holiday1 hunter123 jackass1 jesus123 jesuschrist
jesus777 killer123 killer12 liverpoolfc lollipop lovebird maggie123 maverick maverick1 metallica midnight midnight1 money123 morgan123 motorola mountain naruto123
nirvana1 orange123 pakistan pakistan1 india123 indonesia peaches1 peanut123 pepper123 precious precious1 purple123 rainbow1 rainbow123 rockstar rockstar1 rush2112
sayang123 scooter1 scorpion shadow123 shadow12 slipknot slipknot1 snowball snoopy123 spongebob spongebob1 strawberry summer01 summer123 summer2024 summer2025 summer2026
winter123 winter2024 winter2025 winter2026 spring2024 spring2025 spring2026 autumn2024 autumn2025 autumn2026 january1 february september september1 november november1
december december1 october1 sunflower swordfish teddybear thunder1 thunder123 tinkerbell tinkerbell1 trinity1 tweety123 twilight twilight1 unicorn1 unicorn123 universe
vampire1 volcom123 wildcats windsurf wolfpack zachary1 access14 aaaaaaaa aaaaaaaaa aaaaaaaaaa aaaa1111 aaa11111 abababab abc12abc asdfjkl; bbbbbbbb bond007bond cccccccc
dddddddd gggggggg jjjjjjjj kkkkkkkk llllllll mmmmmmmm qqqqqqqq ssssssss xxxxxxxx zzzzzzzz zzzzzzzzz a1b2c3d4 a1b2c3d4e5 a1s2d3f4 a1234567 z1x2c3v4 zx123456 q1234567 q12345678
w1234567 x1234567 g1234567 m1234567 k12345678 s1234567 d1234567 woaini123 woaini1314 woaini520 5201314520 1314520520 5201314a li123456 wang1234 wo123456 zhang123 qq123456
qq123456789 tickets1 tickets123 ticket123 concert1 concert123 concerts festival festival1 rockandroll musiclover music123 taylorswift taylorswift13 swiftie13 beyonce1
blackpink bts12345 btsarmy1 onedirection letmeinnow opensesame open1234 correcthorsebatterystaple trafic123 traffic1 traffic12 traffic123 trafficadmin
`

export const commonPasswords: ReadonlySet<string> = new Set(text.split(/\s+/).filter((each) => each !== ""))
